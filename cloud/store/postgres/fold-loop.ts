/** When what is folded: each shard once it has waited long enough, and sooner where memory asks for it. */
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Shard, Shards } from "../shard.ts";

export interface FoldLoopOptions {
  /** The shards of now: those of a life that is over are nobody's. */
  shards: () => Shards;
  fold: (shards: readonly Shard[]) => Promise<void>;
  foldEveryMs: number;
  clock: Clock;
  log: RateLimitedLog;
}

const TICK_MS = 100;
const RETRY_MS = 1000;
/** A transaction takes shards up to this many partial rows; at least one. */
const ROWS_PER_FOLD = 5000;
/** Some 600 bytes each. */
const OPEN_ROWS_MAX = 200_000;
const JOURNAL_BYTES_MAX = 256 * 1024 * 1024;

export class FoldLoop {
  readonly #options: FoldLoopOptions;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #isBusy = false;
  #pausedUntilMs = 0;

  constructor(options: FoldLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.clock.every("fold", TICK_MS, () => void this.#foldDue());
  }

  /** Waits for the running fold. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running.catch(() => undefined);
  }

  /** Folds all that is accepted by now. */
  async foldAll(): Promise<void> {
    await this.#inTurn(async () => {
      const pending = this.#options.shards().list();
      while (pending.length > 0) await this.#foldSome(takeSome(pending));
      // A part that was frozen before left out what came since.
      const rest = this.#options.shards().list();
      while (rest.length > 0) await this.#foldSome(takeSome(rest));
    });
  }

  /** Bounds memory and restart time: at the bound, accepting waits until a part is folded. */
  async makeRoom(): Promise<void> {
    while (this.#isFull()) {
      await this.#inTurn(async () => {
        if (!this.#isFull()) return;
        const shards = this.#options
          .shards()
          .list()
          .toSorted((a, b) => b.rows - a.rows);
        await this.#foldSome(takeSome(shards));
      });
    }
  }

  #isFull(): boolean {
    let rows = 0;
    let bytes = 0;
    for (const shard of this.#options.shards().all()) {
      rows += shard.rows;
      bytes += shard.bytes;
    }
    return rows > OPEN_ROWS_MAX || bytes > JOURNAL_BYTES_MAX;
  }

  async #foldDue(): Promise<void> {
    const { clock, log, foldEveryMs } = this.#options;
    const nowMs = clock.monotonic();
    if (this.#isBusy || nowMs < this.#pausedUntilMs) return;
    const due = this.#options
      .shards()
      .list()
      .filter((shard) => shard.frozen || nowMs - shard.oldestAtMs >= foldEveryMs);
    if (due.length === 0) return;
    try {
      await this.#inTurn(async () => this.#foldSome(takeSome(due)));
    } catch (error) {
      this.#pausedUntilMs = clock.monotonic() + RETRY_MS;
      log.warn("fold", { reason: messageOf(error) }, "folding failed; it is tried again");
    }
  }

  async #foldSome(shards: readonly Shard[]): Promise<void> {
    const filled = shards.filter((shard) => shard.events > 0);
    if (filled.length > 0) await this.#options.fold(filled);
    for (const shard of shards) this.#options.shards().dropEmpty(shard);
  }

  /** One fold at a time: each works on the copies of rows that the one before has left. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.#running;
    const run = async (): Promise<void> => {
      await before.catch(() => undefined);
      this.#isBusy = true;
      try {
        await work();
      } finally {
        this.#isBusy = false;
      }
    };
    this.#running = run();
    await this.#running;
  }
}

/** Removes the first shards from the list, up to what one transaction takes. */
function takeSome(shards: Shard[]): Shard[] {
  let rows = 0;
  let count = 0;
  for (const shard of shards) {
    rows += shard.rows;
    if (count > 0 && rows > ROWS_PER_FOLD) break;
    count += 1;
  }
  return shards.splice(0, count);
}
