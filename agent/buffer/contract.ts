/** What the buffer promises to the intake (writing) and to the uplink (reading). */

import type { AcceptOutcome, ReadingBatch } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { SeriesDescription } from "#core/chunk.ts";

/** What is to be stored together, in one segment. */
export interface SegmentInput {
  batch: ReadingBatch;
  transitions: readonly AlarmTransition[];
  /** Series that the sink has not been told of, in the order of their making. */
  descriptions: readonly SeriesDescription[];
}

export interface BufferWriter {
  /**
   * For a copy of a message that was stored, or is being stored: a promise that resolves when the
   * first is safe (and rejects when it failed). Undefined for news.
   */
  repeated(fingerprint: Uint8Array): Promise<AcceptOutcome> | undefined;
  /**
   * Resolves when the input is on disk.
   * @throws PenstockError BUFFER_FULL, BUFFER_FAILED, BUFFER_CLOSED: nothing of it was kept
   */
  append(input: SegmentInput): Promise<AcceptOutcome>;
}

/** A stored chunk: its line is sent as it is. */
export interface StoredChunk {
  readonly segment: number;
  readonly epoch: string;
  readonly lane: number;
  readonly seq: number;
  readonly readings: number;
  readonly line: Uint8Array;
}

/** The uplink's side: chunks come out in order of seq within each lane. */
export interface BufferReader {
  readonly gateway: string;
  readonly lanes: number;
  /**
   * The next chunks of a lane, all of one epoch, up to about `bytesMax` of lines, at least one when
   * there is any. They stay in the buffer, in flight, until confirmed, given back or dismissed.
   */
  take(lane: number, bytesMax: number): readonly StoredChunk[];
  /** The hub has confirmed these: the buffer may forget them. */
  confirm(chunks: readonly StoredChunk[]): void;
  /** The send failed: the same chunks come again at the next `take` of their lane. */
  giveBack(chunks: readonly StoredChunk[]): void;
  /** The hub will never take this chunk: it is dropped, counted, and told to the sink as a gap. */
  dismiss(chunk: StoredChunk, reason: string): void;
  /** Called whenever a lane may have something to take. One listener. */
  onReady(listener: (lane: number) => void): void;
}
