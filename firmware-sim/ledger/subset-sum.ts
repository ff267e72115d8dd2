/**
 * Which of a few values were counted? Finds out whether some of them, exactly `size` many, add up
 * to a given exact sum. The search is bounded: the number of subsets grows with the binomial.
 */
import type { ExactSum } from "#core/exact-sum.ts";

export type SubsetAnswer = "found" | "none" | "gave up";

/** Subsets that are tried before the search gives up. */
const TRIES_MAX = 200_000;

export function findSubset(
  values: readonly number[],
  size: number,
  wanted: ExactSum,
): SubsetAnswer {
  let tries = 0;
  const search = (from: number, left: number): SubsetAnswer => {
    if (left === 0) {
      tries += 1;
      if (wanted.canonical().length === 0) return "found";
      return tries < TRIES_MAX ? "none" : "gave up";
    }
    for (let i = from; i <= values.length - left; i++) {
      const value = values[i] ?? 0;
      wanted.add(-value);
      const answer = search(i + 1, left - 1);
      // Exact, so taking the value back restores the very sum.
      wanted.add(value);
      if (answer !== "none") return answer;
    }
    return "none";
  };
  return search(0, size);
}
