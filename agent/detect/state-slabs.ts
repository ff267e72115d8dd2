/**
 * Where the detectors keep what they know of a series: one block of bytes each, cut from slabs of
 * many, because a typed array of its own costs a series more than its numbers. A block is all there
 * is: who copies its bytes and puts them back has the same detectors again, to the bit.
 */
import { offsetsOf, type StateOffsets, type StateShape } from "./state-shape.ts";

const SERIES_PER_SLAB_BITS = 7;
const SERIES_PER_SLAB_MAX = 2 ** SERIES_PER_SLAB_BITS;

/** The memory of many blocks, seen as each kind of number. */
interface Slab {
  readonly doubles: Float64Array;
  readonly floats: Float32Array;
  readonly words: Uint32Array;
  readonly halves: Uint16Array;
  readonly bytes: Uint8Array;
}

/**
 * A view that stands on the block of one series: the slab's memory, and where the series' numbers of
 * each kind begin in it, counted in that kind. There is one of them for all series of the same
 * settings, because an object for each would cost as much as all its counts: whoever opens another
 * series moves it.
 */
export class StateBlock {
  doubles: Float64Array = new Float64Array(0);
  floats: Float32Array = new Float32Array(0);
  words: Uint32Array = new Uint32Array(0);
  halves: Uint16Array = new Uint16Array(0);
  bytes: Uint8Array = new Uint8Array(0);
  doublesAt = 0;
  floatsAt = 0;
  wordsAt = 0;
  halvesAt = 0;
  bytesAt = 0;
}

/** Blocks of one shape. Each slab holds twice as many as the one before: often there is one series. */
export class StateSlabs {
  readonly #offsets: StateOffsets;
  readonly #slabs: Slab[] = [];
  /** The one view. */
  readonly block = new StateBlock();
  #room = 0;
  #used = 0;

  constructor(shape: StateShape) {
    this.#offsets = offsetsOf(shape);
  }

  /** How long a block is. */
  get blockBytes(): number {
    return this.#offsets.length;
  }

  /**
   * Gives the place of a block of zeros. Blocks are never given back: series are not either.
   */
  take(): number {
    if (this.#used === this.#room) {
      this.#room = Math.min(SERIES_PER_SLAB_MAX, Math.max(1, 2 * this.#room));
      this.#slabs.push(slabOf(this.#offsets.length * this.#room));
      this.#used = 0;
    }
    const place = (this.#slabs.length - 1) * SERIES_PER_SLAB_MAX + this.#used;
    this.#used += 1;
    return place;
  }

  /** The one view, moved to that block. */
  open(place: number): StateBlock {
    const slab = this.#slabAt(place);
    const { floats, words, halves, bytes, length } = this.#offsets;
    const at = (place & (SERIES_PER_SLAB_MAX - 1)) * length;
    const { block } = this;
    block.doubles = slab.doubles;
    block.floats = slab.floats;
    block.words = slab.words;
    block.halves = slab.halves;
    block.bytes = slab.bytes;
    block.doublesAt = at >> 3;
    block.floatsAt = (at + floats) >> 2;
    block.wordsAt = (at + words) >> 2;
    block.halvesAt = (at + halves) >> 1;
    block.bytesAt = at + bytes;
    return block;
  }

  /** The memory of a block, not a copy of it. */
  bytesOf(place: number): Uint8Array {
    const { length } = this.#offsets;
    const at = (place % SERIES_PER_SLAB_MAX) * length;
    return this.#slabAt(place).bytes.subarray(at, at + length);
  }

  #slabAt(place: number): Slab {
    const slab = this.#slabs[place >> SERIES_PER_SLAB_BITS];
    if (!slab) throw new RangeError(`there is no block ${place}`);
    return slab;
  }
}

/** For who watches one series only. */
export function singleBlock(shape: StateShape): StateBlock {
  const slabs = new StateSlabs(shape);
  return slabs.open(slabs.take());
}

function slabOf(length: number): Slab {
  const memory = new ArrayBuffer(length);
  return {
    doubles: new Float64Array(memory),
    floats: new Float32Array(memory),
    words: new Uint32Array(memory),
    halves: new Uint16Array(memory),
    bytes: new Uint8Array(memory),
  };
}
