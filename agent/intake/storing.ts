/**
 * Hands readings to the buffer, with what the sink must hear of beside them: alarms, and what a series
 * is. Whatever the buffer refuses is kept, and goes along with a later batch.
 */
import type { BufferWriter } from "#agent/buffer/contract.ts";
import { type AcceptOutcome, ReadingBatch, type Series } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { SeriesRegistry } from "./series-registry.ts";
import { UnsentTransitions } from "./unsent-transitions.ts";

export interface StoringOptions {
  buffer: Pick<BufferWriter, "append">;
  registry: SeriesRegistry;
  clock: Clock;
  log: Logger;
}

/** Cumulative since the start. */
export interface StoringCounters {
  /** Readings. */
  stored: number;
  /** Batches. */
  duplicates: number;
  /** Readings. */
  rejected: number;
  transitionsLost: number;
}

const NO_TRANSITIONS: readonly AlarmTransition[] = Object.freeze([]);
const NO_DESCRIPTIONS: readonly SeriesDescription[] = Object.freeze([]);

export class Storing {
  readonly #options: StoringOptions;
  readonly #log: RateLimitedLog;
  readonly #unsent = new UnsentTransitions();
  #isPassingOn = false;
  #stored = 0;
  #duplicates = 0;
  #rejected = 0;

  constructor(options: StoringOptions) {
    this.#options = options;
    this.#log = new RateLimitedLog(options.log, options.clock);
  }

  get counters(): StoringCounters {
    return {
      stored: this.#stored,
      duplicates: this.#duplicates,
      rejected: this.#rejected,
      transitionsLost: this.#unsent.lost,
    };
  }

  /** For the next batch to take along. */
  keep(transitions: readonly AlarmTransition[]): void {
    this.#unsent.keep(transitions);
  }

  async store(
    batch: ReadingBatch,
    transitions: readonly AlarmTransition[],
  ): Promise<AcceptOutcome> {
    const { buffer, registry } = this.#options;
    const untold = registry.takeUntold(batch.series);
    const late = this.#unsent.take();
    const input = {
      batch,
      transitions: late.length === 0 ? transitions : [...late, ...transitions],
      descriptions: untold ? this.#descriptionsOf(untold) : NO_DESCRIPTIONS,
    };
    try {
      const outcome = await buffer.append(input);
      if (outcome === "stored") this.#stored += batch.length;
      else if (outcome === "duplicate") this.#duplicates += 1;
      return outcome;
    } catch (error) {
      this.#rejected += batch.length;
      this.#unsent.keep(input.transitions);
      if (untold) registry.untell(untold);
      throw error;
    }
  }

  /** What no reading takes along: a gateway whose buses are all dead has none. Never rejects. */
  async passOn(): Promise<void> {
    if (this.#unsent.isEmpty || this.#isPassingOn) return;
    this.#isPassingOn = true;
    try {
      await this.store(new ReadingBatch("gateway"), NO_TRANSITIONS);
    } catch (error) {
      // They are kept for the next turn; whoever stores readings hears of it, too.
      this.#log.warn("unsent", { err: messageOf(error) }, "alarms wait for the buffer");
    } finally {
      this.#isPassingOn = false;
    }
  }

  #descriptionsOf(series: readonly Series[]): SeriesDescription[] {
    return series.map(({ index, device, tag }) => ({
      ...(this.#options.registry.descriptionAt(index) ?? { device, tag }),
    }));
  }
}
