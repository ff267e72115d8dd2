/**
 * Units that answer more than once: a repeater sends the answer again, or two devices have one unit id.
 * Where answers carry no transaction id, the second one would be taken for the answer to the next request,
 * and every reading after it for its neighbour's. Such a unit's answers are followed by a rest, as long as
 * its surplus has been seen to come behind them. Pure.
 */

/** The rest is so many times what was seen. */
const MARGIN = 2;
const REST_MS_MAX = 500;

/** So long after the last surplus answer the unit is trusted again. */
const MEMORY_MS = 60_000;

interface Surplus {
  restMs: number;
  seenAtMs: number;
}

export class SurplusAnswers {
  /** At most one entry a unit id. */
  readonly #byUnit = new Map<number, Surplus>();
  #answeredUnit: number | undefined;
  #answeredAtMs = 0;

  answered(unit: number, nowMs: number): void {
    this.#answeredUnit = unit;
    this.#answeredAtMs = nowMs;
  }

  /** A frame of this unit came that nobody waited for, and that it did not owe. */
  arrived(unit: number | undefined, nowMs: number): void {
    if (unit === undefined || unit !== this.#answeredUnit) return;
    const behindMs = nowMs - this.#answeredAtMs;
    if (MARGIN * behindMs > REST_MS_MAX) return;
    const restMs = Math.max(this.restMs(unit, nowMs), MARGIN * behindMs);
    this.#byUnit.set(unit, { restMs, seenAtMs: nowMs });
  }

  /** How long the wire is to rest behind an answer of this unit. */
  restMs(unit: number, nowMs: number): number {
    const surplus = this.#byUnit.get(unit);
    return surplus && nowMs - surplus.seenAtMs < MEMORY_MS ? surplus.restMs : 0;
  }
}
