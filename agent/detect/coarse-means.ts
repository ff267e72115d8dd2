/**
 * A row of running means, of which one at a time is being learnt. That one is a float; the others are
 * small whole numbers of one common step, a power of two that fits the largest of them. A mean is
 * rounded when it is left, and not at each value, so that it goes on moving however coarse the step.
 */
import type { ByteField } from "./state-counts.ts";
import type { FloatField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";

/** Where the whole numbers are kept. */
export interface Codes {
  readonly count: number;
  /** The largest that can be kept, and less 0 the smallest. */
  readonly max: number;
  get(block: StateBlock, place: number): number;
  set(block: StateBlock, place: number, code: number): void;
}

/** The step is 2 to the power of a byte less this. */
const EXPONENT_BIAS = 128;

export class CoarseMeans {
  /** The mean that is being learnt. */
  readonly current: FloatField;
  readonly #codes: Codes;
  readonly #exponent: ByteField;

  constructor(codes: Codes, exponent: ByteField, current: FloatField) {
    this.#codes = codes;
    this.#exponent = exponent;
    this.current = current;
  }

  /** Goes on with another mean. */
  turn(block: StateBlock, from: number, to: number): void {
    if (from === to) return;
    this.#keep(block, from, this.current.get(block));
    this.current.set(block, this.#codes.get(block, to) * this.#step(block));
  }

  #step(block: StateBlock): number {
    return 2 ** (this.#exponent.get(block) - EXPONENT_BIAS);
  }

  #keep(block: StateBlock, place: number, mean: number): void {
    const codes = this.#codes;
    codes.set(block, place, 0);
    const others = this.#largest(block) * this.#step(block);
    this.#fit(block, Math.max(others, Math.abs(mean)));
    codes.set(block, place, Math.round(mean / this.#step(block)));
  }

  /** Chooses the smallest step at which `largest` can be kept. */
  #fit(block: StateBlock, largest: number): void {
    const before = this.#step(block);
    const exponent = EXPONENT_BIAS + Math.ceil(Math.log2(largest / this.#codes.max));
    this.#exponent.set(block, Math.max(0, exponent));
    const ratio = before / this.#step(block);
    if (ratio === 1) return;
    for (let place = 0; place < this.#codes.count; place++) {
      this.#codes.set(block, place, Math.round(this.#codes.get(block, place) * ratio));
    }
  }

  #largest(block: StateBlock): number {
    let largest = 0;
    for (let place = 0; place < this.#codes.count; place++) {
      largest = Math.max(largest, Math.abs(this.#codes.get(block, place)));
    }
    return largest;
  }
}
