/**
 * Rounds values as firmware does, and makes them distinct within each minute of a series: digits
 * below the sensor's resolution count the samples in a shuffled order. So a lost and a doubled
 * reading cannot cancel out in an exact sum, and a stuck sensor still gives one value a sample.
 *
 * Counters grow strictly, by at least one unit of their last place.
 */
import type { Random } from "#core/random.ts";
import type { TagSpec } from "./device-model.ts";

/** Digits needed to tell the samples of one minute apart, with 5 % in reserve for jitter. */
export function distinctDigitsFor(samplesPerMinute: number): number {
  const needed = Math.ceil(Math.log10(samplesPerMinute * 1.05 + 2));
  return Math.max(2, needed);
}

/** The order in which the extra digits are used: without one, sums of neighbours would collide. */
export function shuffledOrder(digits: number, random: Random): Uint16Array {
  const order = Uint16Array.from({ length: 10 ** digits }, (_, index) => index);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
  return order;
}

/** Neighbouring tags start this far apart in the order, so that they do not share digits. */
const TAG_STRIDE = 37;

export class DistinctDigits {
  readonly #order: Uint16Array;
  readonly #isCounter: readonly boolean[];
  /** Units of the sensor's resolution in 1. */
  readonly #coarse: readonly number[];
  /** Units of the last digit sent in 1. */
  readonly #fine: readonly number[];
  readonly #lastCount: Float64Array;
  #samples = 0;

  constructor(tags: readonly TagSpec[], order: Uint16Array) {
    this.#order = order;
    this.#isCounter = tags.map((tag) => tag.kind === "counter");
    this.#coarse = tags.map((tag) => 10 ** tag.digits);
    this.#fine = tags.map((tag) =>
      tag.kind === "counter" ? 10 ** tag.digits : 10 ** tag.digits * order.length,
    );
    this.#lastCount = new Float64Array(tags.length);
  }

  /** Replaces each value by what the device sends; NaN (no value) stays. */
  apply(values: Float64Array): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? Number.NaN;
      if (value !== value) continue;
      const units = Math.round(value * (this.#coarse[i] ?? 1));
      const count = this.#isCounter[i] ? this.#grow(i, units) : this.#spread(i, units);
      // A quotient of integers is the double nearest to the decimal, so it prints short.
      values[i] = count / (this.#fine[i] ?? 1);
    }
    this.#samples += 1;
  }

  #grow(index: number, units: number): number {
    const count = Math.max(units, (this.#lastCount[index] ?? 0) + 1);
    this.#lastCount[index] = count;
    return count;
  }

  #spread(index: number, units: number): number {
    const length = this.#order.length;
    return units * length + (this.#order[(this.#samples + index * TAG_STRIDE) % length] ?? 0);
  }
}
