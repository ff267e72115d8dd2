/**
 * The state of one series in one window.
 *
 * Invariant: the state is a pure function of the set of readings added, in whatever order and
 * through whatever merges. Sums are exact, −0 is less than 0, first and last have a total order.
 * Bad readings count as bad and enter nothing else; booleans and strings have no sum, min or max.
 */
import { ExactSum, SUM_TERM_MAX } from "#core/exact-sum.ts";
import type { Value } from "#core/reading.ts";
import { Edge, type ReadingPlace } from "./edge.ts";

export class RowState {
  /** Readings of good and uncertain quality, of any type. */
  count = 0;
  /** Those of them that are numbers. */
  numbers = 0;
  bad = 0;
  readonly sum = new ExactSum();
  /** Meaningful only with `numbers` above 0. */
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  first: Edge | undefined;
  last: Edge | undefined;

  /** A reading whose quality is not bad. One without a usable value counts as bad all the same. */
  add(value: Value, ts: number, place: ReadingPlace, index: number): void {
    if (typeof value === "number") {
      if (!(Math.abs(value) <= SUM_TERM_MAX)) {
        this.bad += 1;
        return;
      }
      this.numbers += 1;
      this.sum.add(value);
      if (isLess(value, this.min)) this.min = value;
      if (isLess(this.max, value)) this.max = value;
    } else if (value === null) {
      this.bad += 1;
      return;
    }
    this.count += 1;
    this.#addEdges(value, ts, place, index);
  }

  addBad(): void {
    this.bad += 1;
  }

  /** Takes over all readings of another state, disjoint from this one's. */
  merge(other: RowState): void {
    this.count += other.count;
    this.numbers += other.numbers;
    this.bad += other.bad;
    this.sum.addSum(other.sum.canonical());
    if (isLess(other.min, this.min)) this.min = other.min;
    if (isLess(this.max, other.max)) this.max = other.max;
    this.#mergeEdges(other);
  }

  #addEdges(value: Exclude<Value, null>, ts: number, place: ReadingPlace, index: number): void {
    if (this.first === undefined) this.first = new Edge(ts, place, index, value);
    else if (this.first.compare(ts, place, index) > 0) this.first.set(ts, place, index, value);
    if (this.last === undefined) this.last = new Edge(ts, place, index, value);
    else if (this.last.compare(ts, place, index) < 0) this.last.set(ts, place, index, value);
  }

  #mergeEdges({ first, last }: RowState): void {
    if (first && (!this.first || this.first.compare(first.ts, first, first.index) > 0)) {
      this.first = first.copy();
    }
    if (last && (!this.last || this.last.compare(last.ts, last, last.index) < 0)) {
      this.last = last.copy();
    }
  }
}

/** Less-than with −0 below 0, so that minimum and maximum do not depend on the order. */
function isLess(a: number, b: number): boolean {
  return a < b || (a === 0 && b === 0 && Object.is(a, -0) && !Object.is(b, -0));
}
