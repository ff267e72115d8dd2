/**
 * Group commit: whatever arrives while a transaction runs, or shortly after, goes into the next one,
 * whichever partition it is of. Batches of one partition keep their order.
 *
 * Invariant: a batch resolves only when it is committed, or is known never to be.
 */
import { backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import { isAbort, PenstockError } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { AcceptOutcome, PartitionBatch, Store } from "../store/contract.ts";

/** Between two commits: as long as the last one took, so that slow disks leave time for work. */
const PAUSE_MS_MIN = 2;
const PAUSE_MS_MAX = 20;
/** A group ends beyond these, so that a backlog does not hold the event loop for long. */
const GROUP_EVENTS_MAX = 200;
const GROUP_BYTES_MAX = 256 * 1024;
const RETRY = { firstMs: 100, maxMs: 5000 };

export type CommitOutcome = AcceptOutcome | { kind: "stopped" };

interface Waiting {
  batch: PartitionBatch;
  resolve: (outcome: CommitOutcome) => void;
}

export interface GroupCommitterOptions {
  store: Pick<Store, "accept">;
  clock: Clock;
  random: Random;
  log: RateLimitedLog;
  /** A programmer's error: the process must end, and start again from what is committed. */
  onFatal: (error: unknown) => void;
}

export class GroupCommitter {
  readonly #options: GroupCommitterOptions;
  readonly #abort = new AbortController();
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  /** Failed transactions that were tried again. */
  retries = 0;
  /** Why nothing can be committed at present. */
  failure: PenstockError | undefined;

  constructor(options: GroupCommitterOptions) {
    this.#options = options;
  }

  async submit(batch: PartitionBatch): Promise<CommitOutcome> {
    if (this.#abort.signal.aborted) return { kind: "stopped" };
    const { promise, resolve } = Promise.withResolvers<CommitOutcome>();
    this.#waiting.push({ batch, resolve });
    this.#running ??= this.#run();
    return promise;
  }

  /** Waits for the running transaction; what has not begun is given up, and will be read again. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#abort.signal.aborted) {
        const startMs = this.#options.clock.monotonic();
        await this.#commit(this.#takeGroup());
        const tookMs = this.#options.clock.monotonic() - startMs;
        await this.#sleep(Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, tookMs)));
      }
    } catch (error) {
      this.#options.onFatal(error);
    } finally {
      this.#running = undefined;
      if (this.#abort.signal.aborted) {
        for (const { resolve } of this.#waiting.splice(0)) resolve({ kind: "stopped" });
      }
    }
  }

  #takeGroup(): Waiting[] {
    let events = 0;
    let bytes = 0;
    let size = 0;
    for (const { batch } of this.#waiting) {
      events += batch.deliveries.length;
      for (const { body } of batch.deliveries) bytes += body.byteLength;
      if (size > 0 && (events > GROUP_EVENTS_MAX || bytes > GROUP_BYTES_MAX)) break;
      size += 1;
    }
    return this.#waiting.splice(0, size);
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const delays = backOff(RETRY, this.#options.random);
    for (;;) {
      try {
        const outcomes = await this.#options.store.accept(group.map(({ batch }) => batch));
        for (const [at, { resolve }] of group.entries())
          resolve(outcomes[at] ?? { kind: "stopped" });
        this.failure = undefined;
        return;
      } catch (error) {
        if (!(error instanceof PenstockError && error.code === "STORE_FAILED")) throw error;
        this.retries += 1;
        this.failure = error;
        this.#options.log.warn("commit", { err: error }, "commit failed; it is tried again");
        if (!(await this.#sleep(delays.next().value))) {
          for (const { resolve } of group) resolve({ kind: "stopped" });
          return;
        }
      }
    }
  }

  /** False when it was told to stop meanwhile. */
  async #sleep(delayMs: number): Promise<boolean> {
    const { signal } = this.#abort;
    try {
      await this.#options.clock.sleep(delayMs, { name: "between commits", signal });
      return true;
    } catch (error) {
      if (isAbort(error)) return false;
      throw error;
    }
  }
}
