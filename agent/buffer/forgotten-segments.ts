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
  #bytesSinceCompaction = 0;
  #compactedTo = 0;
  #isCompacting = false;

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

  add(segments: readonly LoadedSegmentInfo[]): void {
    for (const segment of segments) {
      this.#waiting.push(segment);
      this.#bytesSinceCompaction += segment.bytes;
    }
  }

  /** What the next commit is to delete. */
  take(): LoadedSegmentInfo[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Below this segment there is nothing to compact. */
  compactFrom(segment: number): void {
    this.#compactedTo = segment;
  }

  /** `firstSegment`: the lowest that is still there. */
  compactWhenDue(firstSegment: number): void {
    if (this.#bytesSinceCompaction >= COMPACT_BYTES) void this.compactNow(firstSegment);
  }

  /** Does nothing while a compaction is under way. */
  async compactNow(firstSegment: number): Promise<void> {
    if (this.#isCompacting) return;
    this.#bytesSinceCompaction = 0;
    await this.#compact(firstSegment);
  }

  async #compact(to: number): Promise<void> {
    this.#isCompacting = true;
    const from = this.#compactedTo;
    this.#compactedTo = to;
    try {
      await this.#database.compact(from, to);
    } catch (error) {
      this.#log.warn({ err: error }, "the buffer could not be compacted");
    } finally {
      this.#isCompacting = false;
    }
  }
}
