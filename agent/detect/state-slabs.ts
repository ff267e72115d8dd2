/**
 * Where the detectors keep what they know of a series: one block of numbers each, cut from slabs of
 * many, because a typed array of its own costs a series more than its numbers. A block is all there
 * is: who copies its bytes and puts them back has the same detectors again, to the bit.
 */
const SERIES_PER_SLAB_MAX = 256;
const BYTES_PER_DOUBLE = 8;

/** Three views of one memory; a series' block begins at the double `at`. */
export interface StateBlock {
  readonly doubles: Float64Array;
  readonly floats: Float32Array;
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** Deals out places in a block, counted in doubles from the block's beginning. */
export class StateLayout {
  #doubles = 0;

  /** How long a block is by now. */
  get doubles(): number {
    return this.#doubles;
  }

  take(doubles: number): number {
    const place = this.#doubles;
    this.#doubles += doubles;
    return place;
  }
}

/** Blocks of one length. Each slab holds twice as many as the one before: often there is one series. */
export class StateSlabs {
  readonly #doublesEach: number;
  #slab = viewsOf(0);
  #room = 0;
  #used = 0;

  constructor(doublesEach: number) {
    this.#doublesEach = doublesEach;
  }

  /** A block of zeros. Blocks are never given back: series are not either. */
  take(): StateBlock {
    if (this.#used === this.#room) {
      this.#room = Math.min(SERIES_PER_SLAB_MAX, Math.max(1, 2 * this.#room));
      this.#slab = viewsOf(this.#doublesEach * this.#room);
      this.#used = 0;
    }
    const at = this.#used * this.#doublesEach;
    this.#used += 1;
    return { ...this.#slab, at };
  }
}

/** The memory of a block, not a copy of it. */
export function bytesOf({ bytes, at }: StateBlock, doubles: number): Uint8Array {
  return bytes.subarray(at * BYTES_PER_DOUBLE, (at + doubles) * BYTES_PER_DOUBLE);
}

function viewsOf(doubles: number): Omit<StateBlock, "at"> {
  const memory = new ArrayBuffer(doubles * BYTES_PER_DOUBLE);
  return {
    doubles: new Float64Array(memory),
    floats: new Float32Array(memory),
    bytes: new Uint8Array(memory),
  };
}
