/**
 * Exact sums of doubles: the result does not depend on the order of the terms, nor on how partial
 * sums were cut. Method: Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997 (expansions
 * of non-overlapping doubles).
 *
 * Terms of magnitude above `SUM_TERM_MAX` are refused by the caller: 2^53 of them could overflow a
 * double, and an overflowed expansion is no longer exact.
 */
export const SUM_TERM_MAX = 2 ** 970;

/** A sum in canonical form: the same real number always has the same list. Empty means zero. */
export type CanonicalSum = readonly number[];

export class ExactSum {
  /** Non-overlapping, in order of growing magnitude, without zeros. */
  #partials: number[] = [];

  add(term: number): void {
    const partials = this.#partials;
    let carry = term;
    let kept = 0;
    for (let i = 0; i < partials.length; i++) {
      const partial = partials[i] ?? 0;
      const high = carry + partial;
      // Knuth's two-sum: exact whichever of the two is larger.
      const virtual = high - carry;
      const low = carry - (high - virtual) + (partial - virtual);
      if (low !== 0) partials[kept++] = low;
      carry = high;
    }
    partials.length = kept;
    if (carry !== 0) partials.push(carry);
  }

  addSum(other: CanonicalSum): void {
    for (const term of other) this.add(term);
  }

  /** The sum, correctly rounded to the nearest double. */
  rounded(): number {
    return this.canonical()[0] ?? 0;
  }

  /** Each term is the rest, correctly rounded: unique for the sum's exact value. */
  canonical(): number[] {
    const rest = new ExactSum();
    rest.#partials = [...this.#partials];
    const terms: number[] = [];
    while (rest.#partials.length > 0) {
      const term = roundExpansion(rest.#partials);
      terms.push(term);
      rest.add(-term);
    }
    return terms;
  }
}

/** Rounds a non-overlapping expansion to the nearest double, ties to even. */
function roundExpansion(partials: readonly number[]): number {
  let index = partials.length - 1;
  let high = partials[index] ?? 0;
  let low = 0;
  while (index > 0 && low === 0) {
    index -= 1;
    const before = high;
    const term = partials[index] ?? 0;
    high = before + term;
    low = term - (high - before);
  }
  // A tie was rounded to even; what lies below decides it the other way when it has low's sign.
  const below = partials[index - 1] ?? 0;
  if (low !== 0 && below !== 0 && low < 0 === below < 0) {
    const doubled = low * 2;
    const nudged = high + doubled;
    if (nudged - high === doubled) return nudged;
  }
  return high;
}
