/**
 * When what is folded: each shard once it has waited long enough, a slice a turn, so that the event
 * loop is never held up for long, and sooner where memory asks for it.
 */
import type { Clock, Timer } from "#core/clock.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Shard, Shards } from "../shard.ts";
import type { Folder } from "./fold.ts";

export interface FoldScheduleOptions {
  folder: Folder;
  shards: Shards;
  foldEveryMs: number;
  clock: Clock;
  log: Logger;
}

const TICK_MS = 20;
const RETRY_MS = 1000;
/** Some 600 bytes each. */
const OPEN_ROWS_MAX = 200_000;
const JOURNAL_BYTES_MAX = 256 * 1024 * 1024;

export class FoldSchedule {
  readonly #options: FoldScheduleOptions;
  readonly #log: RateLimitedLog;
  #timer: Timer | undefined;
  #pausedUntilMs = 0;

  constructor(options: FoldScheduleOptions) {
    this.#options = options;
    this.#log = new RateLimitedLog(options.log, options.clock);
  }

  start(): void {
    this.#timer = this.#options.clock.every("fold", TICK_MS, () => this.#foldDue());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Folds all that is accepted by now. */
  async foldAll(): Promise<void> {
    const { shards } = this.#options;
    for (const shard of shards.list()) {
      while (shard.frozen) await this.#slice(shard);
      if (shard.events > 0) while (!(await this.#slice(shard)));
      shards.dropEmpty(shard);
    }
  }

  /** Bounds memory and restart time: at the bound, accepting waits until a part is folded. */
  async makeRoom(): Promise<void> {
    for (;;) {
      let rows = 0;
      let bytes = 0;
      let largest: Shard | undefined;
      for (const shard of this.#options.shards.all()) {
        rows += shard.rows;
        bytes += shard.bytes;
        if (!largest || shard.rows > largest.rows) largest = shard;
      }
      if (!largest || (rows <= OPEN_ROWS_MAX && bytes <= JOURNAL_BYTES_MAX)) return;
      await this.#slice(largest);
    }
  }

  async #slice(shard: Shard): Promise<boolean> {
    const done = this.#options.folder.slice(shard);
    await this.#options.clock.sleep(0, { name: "between slices" });
    return done;
  }

  #foldDue(): void {
    const { folder, shards, foldEveryMs, clock } = this.#options;
    const nowMs = clock.monotonic();
    if (nowMs < this.#pausedUntilMs) return;
    for (const shard of shards.all()) {
      if (!shard.frozen && nowMs - shard.oldestAtMs < foldEveryMs) continue;
      try {
        folder.slice(shard);
        shards.dropEmpty(shard);
      } catch (error) {
        this.#pausedUntilMs = nowMs + RETRY_MS;
        this.#log.warn("fold", { err: error }, "folding failed; it is tried again");
      }
      return;
    }
  }
}
