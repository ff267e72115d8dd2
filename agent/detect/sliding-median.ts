/**
 * Median and median absolute deviation (MAD) of the last N values, kept as values come: a ring in
 * order of arrival and the same values sorted. A push costs one binary search and a short move;
 * the MAD is found in the sorted values by bisection, because the deviations left and right of the
 * median are two sorted sequences. Takes 16 bytes a value.
 */
export class SlidingMedian {
  readonly #ring: Float64Array;
  readonly #sorted: Float64Array;
  #count = 0;
  #next = 0;

  /** @param size how many values the window holds; at least 1 */
  constructor(size: number) {
    this.#ring = new Float64Array(size);
    this.#sorted = new Float64Array(size);
  }

  /** How many values are in the window. */
  get count(): number {
    return this.#count;
  }

  /** Takes in a finite value; the oldest one leaves a full window. */
  push(value: number): void {
    const ring = this.#ring;
    if (this.#count < ring.length) {
      this.#settle(this.#count, value);
      this.#count += 1;
    } else {
      this.#settle(this.#placeOf(at(ring, this.#next)), value);
    }
    ring[this.#next] = value;
    this.#next = this.#next + 1 === ring.length ? 0 : this.#next + 1;
  }

  /** The middle value, or the mean of the two; NaN while the window is empty. */
  median(): number {
    const half = this.#count >> 1;
    const upper = at(this.#sorted, half);
    if (this.#count === 0) return Number.NaN;
    return this.#count % 2 === 1 ? upper : (at(this.#sorted, half - 1) + upper) / 2;
  }

  /** Median of the distances to `median`, which must be the window's own; NaN while it is empty. */
  mad(median: number): number {
    const count = this.#count;
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
    let low = Math.max(0, wanted - (this.#count - half));
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
    return i < half ? median - at(this.#sorted, half - 1 - i) : Number.POSITIVE_INFINITY;
  }

  /** The i-th smallest distance above the median. */
  #above(i: number, half: number, median: number): number {
    if (i < 0) return Number.NEGATIVE_INFINITY;
    const place = half + i;
    return place < this.#count ? at(this.#sorted, place) - median : Number.POSITIVE_INFINITY;
  }

  #placeOf(value: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(this.#sorted, middle) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Puts `value` where it belongs, moving the values between there and the free `place`. */
  #settle(place: number, value: number): void {
    const sorted = this.#sorted;
    const last = Math.max(place, this.#count - 1);
    let free = place;
    while (free > 0 && at(sorted, free - 1) > value) {
      sorted[free] = at(sorted, free - 1);
      free -= 1;
    }
    while (free < last && at(sorted, free + 1) < value) {
      sorted[free] = at(sorted, free + 1);
      free += 1;
    }
    sorted[free] = value;
  }
}

/** An element that is there: the callers keep their indexes within the window. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}
