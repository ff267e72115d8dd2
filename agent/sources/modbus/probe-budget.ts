/**
 * How much of a bus may go to asking silent devices. After a probe that took d, the next one waits
 * until d is at most the given share of the time: then the live devices keep the rest. Pure.
 */

/** Leaves the live devices more than 95 % of the bus, with some to spare for their own hiccups. */
const PROBE_SHARE = 0.03;

export class ProbeBudget {
  #freeAtMs = 0;

  /** When the next probe may go, on the monotonic scale. */
  get freeAtMs(): number {
    return this.#freeAtMs;
  }

  spend(durationMs: number, nowMs: number): void {
    this.#freeAtMs = nowMs + durationMs * (1 / PROBE_SHARE - 1);
  }
}
