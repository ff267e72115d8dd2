/** Tells the desk, which another process may hold, how this sink has fared in the last minute. */
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { DurationHistogram } from "#core/histogram.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { DeskStore } from "../store/desk-contract.ts";

const EVERY_MS = 60_000;

export interface LatencyReportOptions {
  readonly desk: () => Pick<DeskStore, "report">;
  /** Of this process. */
  readonly name: string;
  readonly latency: DurationHistogram;
  readonly clock: Clock;
  readonly log: RateLimitedLog;
}

export class LatencyReport {
  readonly #options: LatencyReportOptions;
  #before = new DurationHistogram();
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(options: LatencyReportOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.clock.every("latency report", EVERY_MS, () => {
      this.#running ??= this.#report().finally(() => {
        this.#running = undefined;
      });
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running;
  }

  async #report(): Promise<void> {
    const { desk, name, latency, log } = this.#options;
    const { count, p99Ms } = latency.since(this.#before).summary();
    this.#before = latency.copy();
    try {
      await desk().report({ name, latencyP99Ms: p99Ms, readings: count });
    } catch (error) {
      log.warn("report", { reason: messageOf(error) }, "the last minute's latency was not kept");
    }
  }
}
