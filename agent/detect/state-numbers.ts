/** Fields of a state block that hold numbers as they are, or to seven digits. */
import type { StateBlock } from "./state-slabs.ts";

export class DoubleField {
  readonly #place: number;

  constructor(place: number) {
    this.#place = place;
  }

  get(block: StateBlock): number {
    return block.doubles[block.doublesAt + this.#place] ?? Number.NaN;
  }

  set(block: StateBlock, value: number): void {
    block.doubles[block.doublesAt + this.#place] = value;
  }
}

/** To seven digits, up to 3.4e38; infinities are kept. */
export class FloatField {
  readonly #place: number;

  constructor(place: number) {
    this.#place = place;
  }

  get(block: StateBlock): number {
    return block.floats[block.floatsAt + this.#place] ?? Number.NaN;
  }

  set(block: StateBlock, value: number): void {
    block.floats[block.floatsAt + this.#place] = value;
  }

  /** Moves a running mean by a share of the distance to `value`. */
  follow(block: StateBlock, value: number, weight: number): void {
    const mean = this.get(block);
    this.set(block, mean + weight * (value - mean));
  }
}
