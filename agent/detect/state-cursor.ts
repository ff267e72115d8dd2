/**
 * A detector is made once for all series of the same settings; its numbers of each series lie in the
 * series' block. The cursor stands on the block of the series that is being judged.
 */
import type { StateBlock, StateLayout } from "./state-slabs.ts";

const NOWHERE: Float64Array = new Float64Array(0);

export class StateCursor {
  readonly #place: number;
  #doubles = NOWHERE;
  #at = 0;

  /** Takes so many doubles of each block. */
  constructor(layout: StateLayout, doubles: number) {
    this.#place = layout.take(doubles);
  }

  on(block: StateBlock): void {
    this.#doubles = block.doubles;
    this.#at = block.at + this.#place;
  }

  get(index: number): number {
    return this.#doubles[this.#at + index] ?? Number.NaN;
  }

  set(index: number, value: number): void {
    this.#doubles[this.#at + index] = value;
  }

  /** Moves a running mean by a share of the distance to `value`; gives the new mean. */
  follow(index: number, value: number, weight: number): number {
    const mean = this.get(index);
    const next = mean + weight * (value - mean);
    this.set(index, next);
    return next;
  }
}
