/**
 * Median and median absolute deviation (MAD) of the last N values, kept as values come: a ring in
 * order of arrival and the same values sorted. A push costs one binary search and a short move;
 * the MAD is found in the sorted values by bisection, because the deviations left and right of the
 * median are two sorted sequences. Takes 16 bytes a value in the series' block, all zero at first.
 */
import type { StateLayout } from "./state-layout.ts";
import type { StateBlock } from "./state-slabs.ts";

const COUNT = 0;
const NEXT = 1;
const RING = 2;

export class SlidingMedian {
  readonly #size: number;
  readonly #place: number;
  #doubles: Float64Array = new Float64Array(0);
  #at = 0;
  #sortedAt = 0;

  /** @param size how many values the window holds; at least 1 */
  constructor(layout: StateLayout, size: number) {
    this.#size = size;
    this.#place = layout.doubles(RING + 2 * size);
  }

  /** Stands on the window of the series that the block belongs to. */
  on({ doubles, doublesAt }: StateBlock): void {
    this.#doubles = doubles;
    this.#at = doublesAt + this.#place;
    this.#sortedAt = this.#at + RING + this.#size;
  }

  /** How many values are in the window. */
  get count(): number {
    return this.#doubles[this.#at + COUNT] ?? 0;
  }

  /** Takes in a finite value; the oldest one leaves a full window. */
  push(value: number): void {
    const count = this.count;
    const next = this.#doubles[this.#at + NEXT] ?? 0;
    const place = this.#at + RING + next;
    if (count < this.#size) {
      this.#settle(count, value);
      this.#doubles[this.#at + COUNT] = count + 1;
    } else {
      this.#settle(this.#placeOf(this.#doubles[place] ?? Number.NaN), value);
    }
    this.#doubles[place] = value;
    this.#doubles[this.#at + NEXT] = next + 1 === this.#size ? 0 : next + 1;
  }

  /** The middle value, or the mean of the two; NaN while the window is empty. */
  median(): number {
    const count = this.count;
    if (count === 0) return Number.NaN;
    const half = count >> 1;
    const upper = this.#sorted(half);
    return count % 2 === 1 ? upper : (this.#sorted(half - 1) + upper) / 2;
  }

  /** Median of the distances to `median`, which must be the window's own; NaN while it is empty. */
  mad(median: number): number {
    const count = this.count;
    if (count === 0) return Number.NaN;
    const half = count >> 1;
    const wanted = (count + 1) >> 1;
    const left = this.#countFromLeft(wanted, half, median);
    const right = wanted - left;
    const last = Math.max(
      this.#below(left - 1, half, median),
      this.#above(right - 1, half, median),
    );
    if (count % 2 === 1) return last;
    const next = Math.min(this.#below(left, half, median), this.#above(right, half, median));
    return (last + next) / 2;
  }

  /** How many of the `wanted` smallest distances lie below the median. */
  #countFromLeft(wanted: number, half: number, median: number): number {
    let low = Math.max(0, wanted - (this.count - half));
    let high = Math.min(wanted, half);
    while (low < high) {
      const middle = (low + high) >> 1;
      const nearer =
        this.#below(middle, half, median) < this.#above(wanted - middle - 1, half, median);
      if (nearer) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The i-th smallest distance below the median; −∞ before the first, +∞ after the last. */
  #below(i: number, half: number, median: number): number {
    if (i < 0) return Number.NEGATIVE_INFINITY;
    return i < half ? median - this.#sorted(half - 1 - i) : Number.POSITIVE_INFINITY;
  }

  /** The i-th smallest distance above the median. */
  #above(i: number, half: number, median: number): number {
    if (i < 0) return Number.NEGATIVE_INFINITY;
    const place = half + i;
    return place < this.count ? this.#sorted(place) - median : Number.POSITIVE_INFINITY;
  }

  #placeOf(value: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted(middle) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Puts `value` where it belongs, moving the values between there and the free `place`. */
  #settle(place: number, value: number): void {
    const doubles = this.#doubles;
    const first = this.#sortedAt;
    const last = first + Math.max(place, this.count - 1);
    let free = first + place;
    while (free > first && (doubles[free - 1] ?? Number.NaN) > value) {
      doubles[free] = doubles[free - 1] ?? Number.NaN;
      free -= 1;
    }
    while (free < last && (doubles[free + 1] ?? Number.NaN) < value) {
      doubles[free] = doubles[free + 1] ?? Number.NaN;
      free += 1;
    }
    doubles[free] = value;
  }

  /** A value of the window in order of size: the callers keep their indexes within it. */
  #sorted(index: number): number {
    return this.#doubles[this.#sortedAt + index] ?? Number.NaN;
  }
}
