/**
 * Filters that a technician puts before a noisy signal: the median or the mean of the last n values,
 * and no more than one reading in so much time. Only good numbers are smoothed; a bad reading, or
 * one out of order, passes as it is, and what comes behind it starts anew, so that no value from
 * before a gap is mixed into one behind it. Pure.
 */

export interface FilterSettings {
  median?: number | undefined;
  mean?: number | undefined;
}

export class Smoothing {
  readonly #medianOf: number;
  readonly #meanOf: number;
  /** The last values as they came, and as the median left them. */
  #raw: number[] = [];
  #medians: number[] = [];
  #newestTs = Number.NEGATIVE_INFINITY;

  constructor({ median = 1, mean = 1 }: FilterSettings) {
    this.#medianOf = median;
    this.#meanOf = mean;
  }

  /** The smoothed value of a good reading: first the median, which takes spikes out, then the mean. */
  smooth(value: number, ts: number): number {
    if (ts < this.#newestTs) return value;
    if (ts === this.#newestTs) this.#takeBack();
    this.#newestTs = ts;
    push(this.#raw, value, this.#medianOf);
    const median = medianOf(this.#raw);
    push(this.#medians, median, this.#meanOf);
    return meanOf(this.#medians);
  }

  /** Forgets what came before. */
  reset(): void {
    this.#raw = [];
    this.#medians = [];
  }

  /** The same reading once more, because it could not be stored the first time. */
  #takeBack(): void {
    this.#raw.pop();
    this.#medians.pop();
  }
}

function push(values: number[], value: number, countMax: number): void {
  values.push(value);
  if (values.length > countMax) values.shift();
}

/** Of an even number of values, the lower of the two in the middle: a value that was measured. */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
}

/** Significant digits that every double keeps: what lies beyond is the arithmetic's dust. */
const SIGNIFICANT_DIGITS = 15;

/** From the first value on, so that large ones do not overflow and equal ones give themselves. */
function meanOf(values: readonly number[]): number {
  const [first = Number.NaN] = values;
  if (values.length === 1) return first;
  let sum = 0;
  for (const value of values) sum += value - first;
  return Number((first + sum / values.length).toPrecision(SIGNIFICANT_DIGITS));
}
