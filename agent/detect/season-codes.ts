/** The means of a season as whole numbers: those of the hours share two bytes each with a count. */
import type { Codes } from "./coarse-means.ts";
import type { ByteField, HalfField } from "./state-counts.ts";
import type { StateBlock } from "./state-slabs.ts";

/** Lower bits: how often the hour was looked at. The other ten: its mean. */
const LOOKS_BITS = 6;
const LOOKS_MAX = 2 ** LOOKS_BITS - 1;
const HOUR_CODE_MAX = 2 ** 9 - 1;
/** Brings the sign of ten, or eight, upper bits down. */
const ABOVE_A_HALF = 16;
const ABOVE_A_BYTE = 24;
const QUARTER_CODE_MAX = 2 ** 7 - 1;

/** −511 to 511, beside a count to 63. */
export class HourCodes implements Codes {
  readonly count: number;
  readonly max = HOUR_CODE_MAX;
  readonly #halves: HalfField;

  constructor(halves: HalfField, count: number) {
    this.#halves = halves;
    this.count = count;
  }

  get(block: StateBlock, place: number): number {
    return (this.#halves.get(block, place) << ABOVE_A_HALF) >> (ABOVE_A_HALF + LOOKS_BITS);
  }

  set(block: StateBlock, place: number, code: number): void {
    const looks = this.looks(block, place);
    this.#halves.set(block, ((code << LOOKS_BITS) & 0xff_ff) | looks, place);
  }

  looks(block: StateBlock, place: number): number {
    return this.#halves.get(block, place) & LOOKS_MAX;
  }

  /** Counts one look more, up to 63. */
  look(block: StateBlock, place: number): void {
    if (this.looks(block, place) === LOOKS_MAX) return;
    this.#halves.set(block, this.#halves.get(block, place) + 1, place);
  }
}

/** −127 to 127. */
export class QuarterCodes implements Codes {
  readonly count: number;
  readonly max = QUARTER_CODE_MAX;
  readonly #bytes: ByteField;

  constructor(bytes: ByteField, count: number) {
    this.#bytes = bytes;
    this.count = count;
  }

  get(block: StateBlock, place: number): number {
    return (this.#bytes.get(block, place) << ABOVE_A_BYTE) >> ABOVE_A_BYTE;
  }

  set(block: StateBlock, place: number, code: number): void {
    this.#bytes.set(block, code & 0xff, place);
  }
}
