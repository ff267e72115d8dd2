/**
 * The range that a view of a series has had, in two epochs so that old records are forgotten: four
 * numbers, the low and high of this epoch, then those of the one before.
 */
import type { FloatField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";

export class RecordRange {
  readonly #low: FloatField;
  readonly #high: FloatField;
  readonly #oldLow: FloatField;
  readonly #oldHigh: FloatField;

  /** @param take gives the field of each of the four numbers */
  constructor(take: () => FloatField) {
    this.#low = take();
    this.#high = take();
    this.#oldLow = take();
    this.#oldHigh = take();
  }

  clear(block: StateBlock): void {
    this.#beginEpoch(block);
    this.#oldLow.set(block, Number.POSITIVE_INFINITY);
    this.#oldHigh.set(block, Number.NEGATIVE_INFINITY);
  }

  /** This epoch's range becomes the old one, and a new one begins. */
  turn(block: StateBlock): void {
    this.#oldLow.set(block, this.#low.get(block));
    this.#oldHigh.set(block, this.#high.get(block));
    this.#beginEpoch(block);
  }

  lowest(block: StateBlock): number {
    return Math.min(this.#low.get(block), this.#oldLow.get(block));
  }

  highest(block: StateBlock): number {
    return Math.max(this.#high.get(block), this.#oldHigh.get(block));
  }

  /** How far `value` lies outside the range, in widths of the range; 0 inside or without a width. */
  excess(block: StateBlock, value: number): number {
    // Nearly all values have been there in this epoch.
    if (value <= this.#high.get(block) && value >= this.#low.get(block)) return 0;
    const low = this.lowest(block);
    const high = this.highest(block);
    if (!(high > low)) return 0;
    if (value > high) return (value - high) / (high - low);
    return value < low ? (low - value) / (high - low) : 0;
  }

  extend(block: StateBlock, value: number): void {
    if (value < this.#low.get(block)) this.#low.set(block, value);
    if (value > this.#high.get(block)) this.#high.set(block, value);
  }

  #beginEpoch(block: StateBlock): void {
    this.#low.set(block, Number.POSITIVE_INFINITY);
    this.#high.set(block, Number.NEGATIVE_INFINITY);
  }
}
