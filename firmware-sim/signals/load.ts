import type { Random } from "#core/random.ts";

const DAY_MS = 86_400_000;

/**
 * What a plant asks of its machines over the day, 0..1: low at night, a hump in the early and in
 * the late shift, a dent at noon. UTC plus the machine's own shift.
 */
export function dailyLoad(tMs: number, shiftMs: number): number {
  const day = (((tMs + shiftMs) % DAY_MS) / DAY_MS) * 2 * Math.PI;
  return 0.58 - 0.22 * Math.cos(day) - 0.1 * Math.cos(2 * day) + 0.04 * Math.sin(3 * day);
}

/** Work comes in pieces: a demand that holds for a while, then changes. */
export class DutyCycle {
  readonly #random: Random;
  readonly #holdMeanMs: number;
  readonly #low: number;
  #untilMs = 0;
  #level = 1;

  /** Levels lie between `low` and 1; each holds for `holdMeanMs` on average. */
  constructor(random: Random, holdMeanMs: number, low: number) {
    this.#random = random;
    this.#holdMeanMs = holdMeanMs;
    this.#low = low;
  }

  at(tMs: number): number {
    if (tMs >= this.#untilMs) {
      this.#level = this.#low + (1 - this.#low) * this.#random.next();
      this.#untilMs = tMs + this.#holdMeanMs * (0.5 + this.#random.next());
    }
    return this.#level;
  }
}

/** Time since the last sample, in ms: 0 for the first one and whenever the clock stepped back. */
export class Stepper {
  #lastMs: number | undefined;

  step(tMs: number): number {
    const lastMs = this.#lastMs ?? tMs;
    if (tMs <= lastMs) {
      this.#lastMs ??= tMs;
      return 0;
    }
    this.#lastMs = tMs;
    return tMs - lastMs;
  }
}
