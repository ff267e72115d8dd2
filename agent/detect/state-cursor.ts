/**
 * A row of doubles in the blocks of those that have few of them, and need not be short: a cursor stands
 * on the block that is being judged.
 */
import type { StateLayout } from "./state-layout.ts";
import type { StateBlock } from "./state-slabs.ts";

const NOWHERE: Float64Array = new Float64Array(0);

export class StateCursor {
  readonly #place: number;
  #doubles = NOWHERE;
  #at = 0;

  /** Takes so many doubles of each block. */
  constructor(layout: StateLayout, doubles: number) {
    this.#place = layout.doubles(doubles);
  }

  on(block: StateBlock): void {
    this.#doubles = block.doubles;
    this.#at = block.doublesAt + this.#place;
  }

  get(index: number): number {
    return this.#doubles[this.#at + index] ?? Number.NaN;
  }

  set(index: number, value: number): void {
    this.#doubles[this.#at + index] = value;
  }
}
