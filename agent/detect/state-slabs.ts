/**
 * Where the automatic detectors keep what they learnt: one block of numbers a series, cut from
 * slabs of many, because a typed array of its own costs a series more than its numbers.
 */
const SERIES_PER_SLAB = 256;

/** A stretch of doubles and a stretch of floats that belong to one series. */
export interface StateBlock {
  readonly doubles: Float64Array;
  readonly doublesAt: number;
  readonly floats: Float32Array;
  readonly floatsAt: number;
}

export class StateSlabs {
  readonly #doublesEach: number;
  readonly #floatsEach: number;
  #doubles = new Float64Array(0);
  #floats = new Float32Array(0);
  #used = SERIES_PER_SLAB;

  constructor(doublesEach: number, floatsEach: number) {
    this.#doublesEach = doublesEach;
    this.#floatsEach = floatsEach;
  }

  /** A block of zeros. Blocks are never given back: series are not either. */
  take(): StateBlock {
    if (this.#used === SERIES_PER_SLAB) {
      this.#doubles = new Float64Array(this.#doublesEach * SERIES_PER_SLAB);
      this.#floats = new Float32Array(this.#floatsEach * SERIES_PER_SLAB);
      this.#used = 0;
    }
    const place = this.#used;
    this.#used += 1;
    return {
      doubles: this.#doubles,
      doublesAt: place * this.#doublesEach,
      floats: this.#floats,
      floatsAt: place * this.#floatsEach,
    };
  }
}
