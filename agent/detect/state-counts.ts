/**
 * Fields of a state block that hold whole numbers, each in as few bits as will do. They saturate: a
 * count that is compared with 64 may stand at 255 for ever, but must not begin again at 0.
 */
import type { StateBlock } from "./state-slabs.ts";

const WORD_MAX = 2 ** 32 - 1;
const HALF_MAX = 2 ** 16 - 1;
const BYTE_MAX = 2 ** 8 - 1;

/** 0 to 4,294,967,295. */
export class WordField {
  readonly #place: number;

  constructor(place: number) {
    this.#place = place;
  }

  get(block: StateBlock): number {
    return block.words[block.wordsAt + this.#place] ?? 0;
  }

  set(block: StateBlock, count: number): void {
    block.words[block.wordsAt + this.#place] = Math.min(count, WORD_MAX);
  }
}

/** 0 to 65,535, or a row of such numbers. */
export class HalfField {
  readonly #place: number;

  constructor(place: number) {
    this.#place = place;
  }

  get(block: StateBlock, index = 0): number {
    return block.halves[block.halvesAt + this.#place + index] ?? 0;
  }

  set(block: StateBlock, count: number, index = 0): void {
    block.halves[block.halvesAt + this.#place + index] = Math.min(count, HALF_MAX);
  }
}

/** 0 to 255, or a row of such numbers. */
export class ByteField {
  readonly #place: number;

  constructor(place: number) {
    this.#place = place;
  }

  get(block: StateBlock, index = 0): number {
    return block.bytes[block.bytesAt + this.#place + index] ?? 0;
  }

  set(block: StateBlock, count: number, index = 0): void {
    block.bytes[block.bytesAt + this.#place + index] = Math.min(count, BYTE_MAX);
  }
}

/** A few bits of a byte: a small count, or whether something is so. */
export class CountField {
  readonly #place: number;
  readonly #shift: number;
  readonly #max: number;

  /** @param max 2 to the power of how many bits it has, less 1 */
  constructor(place: number, shift: number, max: number) {
    this.#place = place;
    this.#shift = shift;
    this.#max = max;
  }

  get(block: StateBlock): number {
    const byte = block.bytes[block.bytesAt + this.#place] ?? 0;
    return (byte >> this.#shift) & this.#max;
  }

  set(block: StateBlock, count: number): void {
    const at = block.bytesAt + this.#place;
    const others = (block.bytes[at] ?? 0) & ~(this.#max << this.#shift);
    block.bytes[at] = others | (Math.min(count, this.#max) << this.#shift);
  }

  /** Counts one more, and gives how many there are now. */
  countUp(block: StateBlock): number {
    const count = Math.min(this.get(block) + 1, this.#max);
    this.set(block, count);
    return count;
  }
}

export class FlagField {
  readonly #place: number;
  readonly #mask: number;

  constructor(place: number, shift: number) {
    this.#place = place;
    this.#mask = 1 << shift;
  }

  get(block: StateBlock): boolean {
    return ((block.bytes[block.bytesAt + this.#place] ?? 0) & this.#mask) !== 0;
  }

  set(block: StateBlock, on: boolean): void {
    const at = block.bytesAt + this.#place;
    const all = block.bytes[at] ?? 0;
    block.bytes[at] = on ? all | this.#mask : all & ~this.#mask;
  }
}
