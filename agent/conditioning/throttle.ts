/**
 * Keeps at most one reading in an interval, by the readings' own times. A change of quality is kept
 * at once. Pure.
 */
import type { Quality } from "#core/reading.ts";

export class Throttle {
  readonly #intervalMs: number;
  #keptTs = Number.NEGATIVE_INFINITY;
  #quality: Quality | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** True when the reading is to be kept. */
  isDue(quality: Quality, ts: number): boolean {
    const isEarly = ts > this.#keptTs && ts - this.#keptTs < this.#intervalMs;
    if (isEarly && quality === this.#quality) return false;
    this.#keptTs = ts;
    this.#quality = quality;
    return true;
  }
}
