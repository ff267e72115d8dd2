/**
 * The robust sliding-window detector: a value is unusual when its distance to the median of the
 * window before it exceeds k standard deviations, these estimated from the MAD. Half of the window
 * may be rubbish before the estimate breaks; a level shift becomes the new normal after half a
 * window. Takes about 1 KB.
 */
import { type AnomalyDetector, type Explanation, LEARNING_VALUES } from "./anomaly-detector.ts";
import { SlidingMedian } from "./sliding-median.ts";
import type { HalfField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { DoubleField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";

const WINDOW = 63;
const WARM_UP = 32;
/** MAD of a normal distribution, in standard deviations, inverted. */
const MAD_TO_SIGMA = 1.4826;
const DISTANCE_MAX = 8;

export class MedianDetector implements AnomalyDetector {
  /** Smallest step seen between neighbours: the least that the sensor can tell. */
  readonly #resolution: DoubleField;
  readonly #previous: DoubleField;
  readonly #seen: HalfField;
  readonly #window: SlidingMedian;
  #expected = Number.NaN;

  constructor(layout: StateLayout) {
    this.#resolution = layout.double();
    this.#previous = layout.double();
    this.#seen = layout.half();
    this.#window = new SlidingMedian(layout, WINDOW);
  }

  begin(block: StateBlock): void {
    this.#resolution.set(block, Number.POSITIVE_INFINITY);
    this.#previous.set(block, Number.NaN);
  }

  surprise(block: StateBlock, value: number, _ts: number): number {
    this.#window.on(block);
    const step = Math.abs(value - this.#previous.get(block));
    const ratio = this.#window.count < WARM_UP ? 0 : this.#ratio(block, value);
    // After judging, so that the first step of a value that has always rested is not its own scale.
    if (step > 0 && step < this.#resolution.get(block)) this.#resolution.set(block, step);
    this.#previous.set(block, value);
    this.#window.push(value);
    this.#seen.set(block, Math.min(LEARNING_VALUES, this.#seen.get(block) + 1));
    return ratio;
  }

  seen(block: StateBlock): number {
    return this.#seen.get(block);
  }

  explain(): Explanation {
    return { view: "distance", expected: this.#expected };
  }

  /** One step of the sensor is as large as the accepted value is far: until the next smaller one. */
  accept(block: StateBlock, value: number): void {
    this.#window.on(block);
    const distance = Math.abs(value - this.#window.median());
    if (distance > 0) this.#resolution.set(block, distance);
  }

  #ratio(block: StateBlock, value: number): number {
    const median = this.#window.median();
    this.#expected = median;
    const spread = MAD_TO_SIGMA * this.#window.mad(median);
    // A quantised or resting signal has a MAD of 0: one step of its resolution stands in.
    const sigma = Math.max(spread, this.#resolution.get(block));
    return Number.isFinite(sigma) ? Math.abs(value - median) / (DISTANCE_MAX * sigma) : 0;
  }
}
