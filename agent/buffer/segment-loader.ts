/**
 * Reads stored segments back in order, as far as the forward queue has room. Fresh segments are
 * handed over in memory; only what a restart, or an outage, left behind is read: the backlog. A
 * segment that cannot be read, or whose checksum does not hold, is set aside, and the next follows.
 */
import type { Logger } from "#core/log.ts";
import type { BufferDatabase } from "./database.ts";
import type { LoadedSegmentInfo } from "./forward-queue.ts";
import { isDamage } from "./recovery.ts";
import { decodeSegment } from "./segment-codec.ts";

/** Of a disk that damages more than this, more samples tell nothing new. */
const SET_ASIDE_MAX = 100;

export interface SegmentLoaderOptions {
  database: BufferDatabase;
  /** The first segment to load. */
  from: number;
  log: Logger;
  hasRoom: () => boolean;
  /** Whether it is worth while to begin. */
  wantsMore: () => boolean;
  loaded: (segment: LoadedSegmentInfo) => void;
  /** A segment that comes before the next one loaded is lost. */
  lost: () => void;
}

export class SegmentLoader {
  readonly #options: SegmentLoaderOptions;
  #next: number;
  #end = 0;
  #running: Promise<void> | undefined;
  #isStopped = false;
  /** Segments that cannot be read, or whose checksum does not hold. */
  damaged = 0;

  constructor(options: SegmentLoaderOptions) {
    this.#options = options;
    this.#next = options.from;
  }

  /** The first segment that is not loaded. */
  get next(): number {
    return this.#next;
  }

  /** Whether segments wait on the disk. */
  get hasUnread(): boolean {
    return this.#next < this.#end;
  }

  /** All below this segment was handed over in memory. To be called where nothing is unread. */
  skipTo(segment: number): void {
    this.#next = Math.max(this.#next, segment);
  }

  /** Loads up to segment `end` (exclusive), now or as soon as the read under way is done. */
  load(end: number): void {
    this.#end = Math.max(this.#end, end);
    if (this.#running || this.#isStopped || !this.hasUnread || !this.#options.wantsMore()) return;
    this.#running = this.#read();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #read(): Promise<void> {
    try {
      while (this.#next < this.#end && this.#options.hasRoom() && !this.#isStopped) {
        await this.#readSome(this.#end).catch((error: unknown) => this.#readOne(error));
      }
    } catch (error) {
      // While the database is being reopened, or the disk fails: the next call tries again.
      this.#options.log.error({ err: error }, "stored segments could not be read");
    } finally {
      // In the same turn as the last look at `#end`: no call of `load` falls between the two.
      this.#running = undefined;
    }
  }

  /** Hands over segments up to `end`, as long as there is room. */
  async #readSome(end: number): Promise<void> {
    for await (const { number, bytes } of this.#options.database.segments(this.#next)) {
      if (number >= end) break;
      await this.#handOver(number, bytes);
      this.#next = number + 1;
      if (this.#isStopped || !this.#options.hasRoom()) return;
    }
    // What the iterator did not show was forgotten before.
    this.#next = Math.max(this.#next, end);
  }

  /** After damage: finds out whether it is the next segment that cannot be read. */
  async #readOne(error: unknown): Promise<void> {
    if (!isDamage(error)) throw error;
    const { database } = this.#options;
    const number = this.#next;
    try {
      const bytes = await database.segment(number);
      if (bytes) await this.#handOver(number, bytes);
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      this.#lose(number);
      this.#options.loaded({ number, committedAtMs: 0, bytes: 0, chunks: [] });
    }
    this.#next = number + 1;
  }

  async #handOver(number: number, bytes: Buffer): Promise<void> {
    const segment = decodeSegment(number, bytes);
    if (!segment) {
      this.#lose(number);
      await this.#setAside(number, bytes);
    }
    this.#options.loaded({
      number,
      committedAtMs: segment?.committedAtMs ?? 0,
      bytes: bytes.length,
      chunks: segment?.chunks ?? [],
    });
  }

  #lose(number: number): void {
    this.damaged += 1;
    this.#options.database.suspect();
    this.#options.log.error({ segment: number }, "a stored segment is damaged");
    this.#options.lost();
  }

  async #setAside(number: number, bytes: Buffer): Promise<void> {
    if (this.damaged > SET_ASIDE_MAX) return;
    await this.#options.database.setAside(number, bytes).catch((error: unknown) => {
      this.#options.log.warn({ err: error, segment: number }, "it could not be set aside");
    });
  }
}
