/**
 * The robust sliding-window detector: a value is unusual when its distance to the median of the
 * window before it exceeds k standard deviations, these estimated from the MAD. Half of the window
 * may be rubbish before the estimate breaks; a level shift becomes the new normal after half a
 * window. Takes about 1 KB.
 */
import type { AnomalyDetector, Explanation } from "./anomaly-detector.ts";
import { SlidingMedian } from "./sliding-median.ts";
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";

const WINDOW = 63;
const WARM_UP = 32;
/** MAD of a normal distribution, in standard deviations, inverted. */
const MAD_TO_SIGMA = 1.4826;
const DISTANCE_MAX = 8;

/** Smallest step seen between neighbours: the least that the sensor can tell. */
const RESOLUTION = 0;
const PREVIOUS = 1;
const DOUBLES = 2;

export class MedianDetector implements AnomalyDetector {
  readonly #state: StateCursor;
  readonly #window: SlidingMedian;
  #expected = Number.NaN;

  constructor(layout: StateLayout) {
    this.#state = new StateCursor(layout, DOUBLES);
    this.#window = new SlidingMedian(layout, WINDOW);
  }

  begin(block: StateBlock): void {
    this.#state.on(block);
    this.#state.set(RESOLUTION, Number.POSITIVE_INFINITY);
    this.#state.set(PREVIOUS, Number.NaN);
  }

  surprise(block: StateBlock, value: number, _ts: number): number {
    const state = this.#state;
    state.on(block);
    this.#window.on(block);
    const step = Math.abs(value - state.get(PREVIOUS));
    const ratio = this.#window.count < WARM_UP ? 0 : this.#ratio(value);
    // After judging, so that the first step of a value that has always rested is not its own scale.
    if (step > 0 && step < state.get(RESOLUTION)) state.set(RESOLUTION, step);
    state.set(PREVIOUS, value);
    this.#window.push(value);
    return ratio;
  }

  explain(): Explanation {
    return { view: "distance", expected: this.#expected };
  }

  /** One step of the sensor is as large as the accepted value is far: until the next smaller one. */
  accept(block: StateBlock, value: number): void {
    this.#state.on(block);
    this.#window.on(block);
    const distance = Math.abs(value - this.#window.median());
    if (distance > 0) this.#state.set(RESOLUTION, distance);
  }

  #ratio(value: number): number {
    const median = this.#window.median();
    this.#expected = median;
    const spread = MAD_TO_SIGMA * this.#window.mad(median);
    // A quantised or resting signal has a MAD of 0: one step of its resolution stands in.
    const sigma = Math.max(spread, this.#state.get(RESOLUTION));
    return Number.isFinite(sigma) ? Math.abs(value - median) / (DISTANCE_MAX * sigma) : 0;
  }
}
