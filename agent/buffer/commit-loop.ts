/**
 * Group commit: what arrives while one segment is being synced goes into the next, which waits at
 * most `lingerMs` for more. One write is under way at a time, so that the state written with it is
 * the newest. A write that fails is repeated with the same bytes on a reopened database; until it
 * succeeds nobody is told that anything is safe.
 */
import { backOff } from "#core/back-off.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { isAbort, PenstockError } from "#core/errors.ts";
import { DurationHistogram } from "#core/histogram.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { BufferDatabase, SegmentWrite } from "./database.ts";

/** An open segment of about this size is committed without waiting. */
const SEGMENT_BYTES_FULL = 256 * 1024;
const REOPEN_SCHEDULE = { firstMs: 200, maxMs: 5000 };

export interface CommitLoopOptions {
  database: BufferDatabase;
  lingerMs: number;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Bytes that wait in the open segment. */
  openBytes: () => number;
  /** Takes what is to be written now, and what to do when it is safe; undefined for nothing. */
  seal: () => SealedWrite | undefined;
  /** Writing began to fail, or succeeds again. */
  changed: () => void;
}

export interface SealedWrite {
  request: SegmentWrite;
  /** Runs when the write is safe. */
  written: () => void;
  /** Runs when the loop is stopped before the write succeeded. */
  abandoned: (error: PenstockError) => void;
}

export class CommitLoop {
  readonly #options: CommitLoopOptions;
  readonly #stopping = new AbortController();
  readonly syncs = new DurationHistogram();
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #openedAtMs = 0;
  #failure: PenstockError | undefined;
  #writingSinceMs: number | undefined;

  constructor(options: CommitLoopOptions) {
    this.#options = options;
  }

  /** Why nothing can be written at present. */
  get failure(): PenstockError | undefined {
    return this.#failure;
  }

  /** How long the write that is under way has taken; 0 where none is. */
  get writingForMs(): number {
    const sinceMs = this.#writingSinceMs;
    return sinceMs === undefined ? 0 : this.#options.clock.monotonic() - sinceMs;
  }

  /** Something was added to the open segment; `first` when it was empty before. */
  added(first: boolean): void {
    const { clock, openBytes } = this.#options;
    if (first) this.#openedAtMs = clock.monotonic();
    if (this.#running) return;
    if (openBytes() >= SEGMENT_BYTES_FULL) this.commitNow();
    else this.#schedule();
  }

  /** Writes what there is besides the open segment, unless that will take it along. */
  commitIdle(): void {
    if (this.#options.openBytes() === 0) this.commitNow();
  }

  commitNow(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#running ??= this.#commit().finally(() => {
      this.#running = undefined;
      if (this.#options.openBytes() > 0 && !this.#stopping.signal.aborted) this.#schedule();
    });
  }

  /** Commits what is open and ends. A write that keeps failing is abandoned. */
  async stop(): Promise<void> {
    if (this.#failure) this.#stopping.abort();
    await this.#running;
    if (!this.#failure) {
      this.commitNow();
      await this.#running;
    }
    this.#stopping.abort();
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { clock, lingerMs, openBytes } = this.#options;
    const waitedMs = clock.monotonic() - this.#openedAtMs;
    if (waitedMs >= lingerMs || openBytes() >= SEGMENT_BYTES_FULL) return this.commitNow();
    this.#timer ??= clock.after("buffer linger", lingerMs - waitedMs, () => this.commitNow());
  }

  async #commit(): Promise<void> {
    const sealed = this.#options.seal();
    if (!sealed) return;
    const delays = backOff(REOPEN_SCHEDULE, this.#options.random);
    for (;;) {
      try {
        const startMs = this.#options.clock.monotonic();
        await this.#write(sealed.request);
        if (sealed.request.sync) this.syncs.record(this.#options.clock.monotonic() - startMs);
        this.#recovered();
        return sealed.written();
      } catch (cause) {
        this.#failed(cause);
        try {
          await this.#reopen(delays.next().value);
        } catch (error) {
          if (!isAbort(error)) throw error;
          return sealed.abandoned(this.#failure ?? failureOf(cause));
        }
      }
    }
  }

  async #write(request: SegmentWrite): Promise<void> {
    this.#writingSinceMs = this.#options.clock.monotonic();
    try {
      await this.#options.database.write(request);
    } finally {
      this.#writingSinceMs = undefined;
    }
  }

  #failed(cause: unknown): void {
    const failure = failureOf(cause);
    if (!this.#failure) this.#options.log.error({ err: failure }, "the buffer cannot be written");
    const isNew = this.#failure === undefined;
    this.#failure = failure;
    if (isNew) this.#options.changed();
  }

  #recovered(): void {
    if (!this.#failure) return;
    this.#failure = undefined;
    this.#options.log.info("the buffer can be written again");
    this.#options.changed();
  }

  /** After a failed write LevelDB would accept more and lose it: only a new opening is safe. */
  async #reopen(delayMs: number): Promise<void> {
    const { database, clock, log } = this.#options;
    await clock.sleep(delayMs, { name: "buffer reopen", signal: this.#stopping.signal });
    try {
      await database.reopen();
    } catch (error) {
      log.warn({ err: error }, "the buffer could not be reopened");
    }
  }
}

function failureOf(cause: unknown): PenstockError {
  return new PenstockError("BUFFER_FAILED", "the buffer cannot be written", { cause });
}
