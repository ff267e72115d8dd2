/**
 * The robust sliding-window detector: a value is unusual when its distance to the median of the
 * window before it exceeds k standard deviations, these estimated from the MAD. Half of the window
 * may be rubbish before the estimate breaks; a level shift becomes the new normal after half a
 * window. Takes about 1 KB.
 */
import type { AnomalyDetector, Explanation } from "./anomaly-detector.ts";
import { SlidingMedian } from "./sliding-median.ts";

const WINDOW = 63;
const WARM_UP = 32;
/** MAD of a normal distribution, in standard deviations, inverted. */
const MAD_TO_SIGMA = 1.4826;
const DISTANCE_MAX = 8;

export class MedianDetector implements AnomalyDetector {
  readonly #window = new SlidingMedian(WINDOW);
  /** Smallest step seen between neighbours: the least that the sensor can tell. */
  #resolution = Number.POSITIVE_INFINITY;
  #previous = Number.NaN;
  #expected = Number.NaN;

  surprise(value: number, _ts: number): number {
    const step = Math.abs(value - this.#previous);
    const ratio = this.#window.count < WARM_UP ? 0 : this.#ratio(value);
    // After judging, so that the first step of a value that has always rested is not its own scale.
    if (step > 0 && step < this.#resolution) this.#resolution = step;
    this.#previous = value;
    this.#window.push(value);
    return ratio;
  }

  explain(): Explanation {
    return { feature: "distance", expected: this.#expected };
  }

  #ratio(value: number): number {
    const median = this.#window.median();
    this.#expected = median;
    const spread = MAD_TO_SIGMA * this.#window.mad(median);
    // A quantised or resting signal has a MAD of 0: one step of its resolution stands in.
    const sigma = Math.max(spread, this.#resolution);
    return Number.isFinite(sigma) ? Math.abs(value - median) / (DISTANCE_MAX * sigma) : 0;
  }
}
