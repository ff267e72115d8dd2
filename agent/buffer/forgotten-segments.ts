/**
 * Segments that nobody needs any more: they are deleted in the batch of the next commit, and their
 * space goes back to the disk by a compaction in the background.
 */
import type { Logger } from "#core/log.ts";
import type { BufferDatabase } from "./database.ts";
import type { LoadedSegmentInfo } from "./forward-queue.ts";

/** Compacting more at once stalls writes; less often leaves tombstones to walk over. */
const COMPACT_BYTES = 48 * 1024 * 1024;

export class ForgottenSegments {
  readonly #database: BufferDatabase;
  readonly #log: Logger;
  #waiting: LoadedSegmentInfo[] = [];
  #waitingBytes = 0;
  #bytesSinceCompaction = 0;
  #compactedTo = 0;
  #running: Promise<void> | undefined;

  constructor(database: BufferDatabase, log: Logger) {
    this.#database = database;
    this.#log = log;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Segments that the next commit deletes. */
  get count(): number {
    return this.#waiting.length;
  }

  /** What the next commit frees. */
  get bytes(): number {
    return this.#waitingBytes;
  }

  get isCompacting(): boolean {
    return this.#running !== undefined;
  }

  add(segments: readonly LoadedSegmentInfo[]): void {
    for (const segment of segments) {
      this.#waiting.push(segment);
      this.#waitingBytes += segment.bytes;
      this.#bytesSinceCompaction += segment.bytes;
    }
  }

  /** What the next commit is to delete. */
  take(): LoadedSegmentInfo[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return taken;
  }

  /** Below this segment there is nothing to compact. */
  compactFrom(segment: number): void {
    this.#compactedTo = segment;
  }

  /** `firstSegment`: the lowest that is still there. */
  compactWhenDue(firstSegment: number): void {
    if (this.#bytesSinceCompaction < COMPACT_BYTES || this.isCompacting) return;
    void this.compactNow(firstSegment);
  }

  /** Resolves when the space of all that is deleted below `firstSegment` is free. */
  async compactNow(firstSegment: number): Promise<void> {
    await this.#running;
    this.#bytesSinceCompaction = 0;
    this.#running = this.#compact(firstSegment);
    await this.#running;
  }

  async #compact(to: number): Promise<void> {
    const from = this.#compactedTo;
    this.#compactedTo = to;
    try {
      await this.#database.compact(from, to);
    } catch (error) {
      this.#log.warn({ err: error }, "the buffer could not be compacted");
    } finally {
      this.#running = undefined;
    }
  }
}
