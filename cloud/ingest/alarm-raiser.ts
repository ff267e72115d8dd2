/**
 * Raises the ingest's own alarms, each of which is noticed only once: one that the store cannot take
 * waits until it can. In order, and at most WAITING_MAX of them.
 */
import { backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { AlarmRow, Store } from "../store/contract.ts";

const WAITING_MAX = 1000;
const RETRY = { firstMs: 500, maxMs: 10_000 };

export interface AlarmRaiserOptions {
  store: Pick<Store, "raise">;
  clock: Clock;
  random: Random;
  log: RateLimitedLog;
  /** Alarms that were not known before. */
  onAlarms: (alarms: readonly AlarmRow[]) => void;
}

export class AlarmRaiser {
  readonly #options: AlarmRaiserOptions;
  readonly #abort = new AbortController();
  readonly #waiting: AlarmRow[] = [];
  #running: Promise<void> | undefined;

  constructor(options: AlarmRaiserOptions) {
    this.#options = options;
  }

  raise(alarm: AlarmRow): void {
    const { log } = this.#options;
    log.warn(alarm.rule, { alarm }, alarm.message);
    if (this.#waiting.length >= WAITING_MAX) {
      log.warn("alarms", { alarm }, "too many alarms wait for the store: this one is not kept");
      return;
    }
    this.#waiting.push(alarm);
    this.#running ??= this.#run();
  }

  /** Waits for the one that is being stored; those that wait are given up, which the log says. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    const lost = this.#waiting.splice(0);
    if (lost.length === 0) return;
    const fields = { count: lost.length, first: lost[0]?.message };
    this.#options.log.warn("stop", fields, "alarms could not be stored before the end");
  }

  async #run(): Promise<void> {
    const { store, onAlarms, random, log } = this.#options;
    let delays = backOff(RETRY, random);
    for (;;) {
      const [alarm] = this.#waiting;
      if (!alarm || this.#abort.signal.aborted) break;
      try {
        const isNew = await store.raise(alarm);
        this.#waiting.shift();
        delays = backOff(RETRY, random);
        if (isNew) onAlarms([alarm]);
      } catch (error) {
        log.warn("raise", { err: error }, "an alarm could not be stored; it is tried again");
        await this.#sleep(delays.next().value);
      }
    }
    this.#running = undefined;
  }

  async #sleep(delayMs: number): Promise<void> {
    const { signal } = this.#abort;
    try {
      await this.#options.clock.sleep(delayMs, { name: "before an alarm is stored", signal });
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }
}
