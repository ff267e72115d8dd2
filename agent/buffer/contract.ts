/** What the buffer promises to the intake (writing) and to the uplink (reading). */

import type { AcceptOutcome, ReadingBatch } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import type { Quality, QualityReason, Value } from "#core/reading.ts";

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

/**
 * `live`: handed over as it was written, a moment ago. `backlog`: what an outage, or a restart, left
 * on the disk.
 */
export type TrafficClass = "live" | "backlog";

/** The uplink's side: chunks come out in order of seq within each lane and class. */
export interface BufferReader {
  readonly gateway: string;
  readonly lanes: number;
  /**
   * The next chunks of a lane and class, all of one epoch, up to about `bytesMax` of lines, at least
   * one when there is any. They stay in the buffer, in flight, until confirmed, given back or
   * dismissed. What is live may have become backlog when it was given back.
   */
  take(lane: number, traffic: TrafficClass, bytesMax: number): readonly StoredChunk[];
  /** The hub has confirmed these: the buffer may forget them. */
  confirm(chunks: readonly StoredChunk[]): void;
  /** The send failed: the same chunks come again at a later `take`. */
  giveBack(chunks: readonly StoredChunk[]): void;
  /**
   * The hub will never take this chunk: it is kept in a folder beside the buffer for whoever wants to
   * look, counted, and told to the sink as a gap.
   */
  dismiss(chunk: StoredChunk, reason: string): Promise<void>;
  /**
   * The lowest seq of this lane and epoch that may still come as backlog; undefined when there is no
   * backlog. What is missing below it never comes.
   */
  owedFrom(lane: number, epoch: string): number | undefined;
  /** Called whenever a lane may have something to take. One listener. */
  onReady(listener: (lane: number, traffic: TrafficClass) => void): void;
}

export interface BufferStatus {
  state: "ok" | "full" | "failing";
  epoch: string;
  segments: number;
  bytes: number;
  commits: number;
  syncP99Ms: number;
  duplicates: number;
  droppedReadings: number;
  damagedSegments: number;
  readingsBySource: Readonly<Record<string, number>>;
}

export interface BufferStat {
  state: "ok" | "full" | "failing";
  epoch: string;
  segments: number;
  bytes: number;
  bytesMax: number;
  /** What can still be taken in before a limit by size is reached. */
  roomBytes: number;
  /** Taken in, over the last minutes. */
  bytesPerSecond?: number;
  /** Until the room is used up at that rate, if nothing leaves. */
  hoursLeft?: number;
  /** Segments from here on are still to come; those below `firstSegment` are gone. */
  firstSegment: number;
  nextSegment: number;
  droppedReadings: number;
  damagedSegments: number;
}

export interface DropOutcome {
  droppedSegments: number;
  droppedReadings: number;
  /** Segments of which something was being sent. */
  leftSegments: number;
}

export interface SegmentRow {
  segment: number;
  /** Milliseconds since 1970. */
  committedAt: number;
  epoch: string;
  bytes: number;
  chunks: number;
  readings: number;
}

export interface ReadingRow {
  device: string;
  tag: string;
  /** Milliseconds since 1970. */
  ts: number;
  value: Value;
  quality: Quality;
  reason?: QualityReason;
}

/** The operator's side. */
export interface BufferDesk {
  stat(): Promise<BufferStat> | BufferStat;
  /** What waits, oldest first. */
  segments(limit: number): AsyncIterable<SegmentRow>;
  readings(): AsyncIterable<ReadingRow>;
  /** Drops all that is stored now and not being sent, and tells the sink so. */
  drop(): Promise<DropOutcome>;
}
