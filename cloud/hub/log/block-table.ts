/**
 * Where the blocks of one partition lie in one segment, in columns of numbers: 40 bytes a block
 * instead of an object, and searched by bisection. Blocks come in rising order of all columns.
 */
import type { BlockHead } from "./block.ts";

export interface BlockEntry {
  address: number;
  bytes: number;
  count: number;
  baseSeq: number;
  baseOffset: number;
  timeMs: number;
}

const FIRST_CAPACITY = 16;
const WIDE_COLUMNS = ["address", "baseSeq", "baseOffset", "timeMs"] as const;
const NARROW_COLUMNS = ["bytes", "count"] as const;
const WIDE_BYTES = 8;
const NARROW_BYTES = 4;
export const ENTRY_BYTES: number =
  WIDE_COLUMNS.length * WIDE_BYTES + NARROW_COLUMNS.length * NARROW_BYTES;

type WideColumn = (typeof WIDE_COLUMNS)[number];

export class BlockTable {
  length = 0;
  #wide: Record<WideColumn, Float64Array>;
  #narrow: Record<(typeof NARROW_COLUMNS)[number], Uint32Array>;

  constructor(capacity = FIRST_CAPACITY) {
    const wide = (): Float64Array => new Float64Array(capacity);
    const narrow = (): Uint32Array => new Uint32Array(capacity);
    this.#wide = { address: wide(), baseSeq: wide(), baseOffset: wide(), timeMs: wide() };
    this.#narrow = { bytes: narrow(), count: narrow() };
  }

  push(address: number, head: BlockHead): void {
    if (this.length === this.#narrow.bytes.length) this.#grow();
    const at = this.length++;
    this.#wide.address[at] = address;
    this.#wide.baseSeq[at] = head.baseSeq;
    this.#wide.baseOffset[at] = head.baseOffset;
    this.#wide.timeMs[at] = head.timeMs;
    this.#narrow.bytes[at] = head.bytes;
    this.#narrow.count[at] = head.count;
  }

  at(index: number): BlockEntry | undefined {
    if (index < 0 || index >= this.length) return undefined;
    return {
      address: this.#wide.address[index] ?? 0,
      bytes: this.#narrow.bytes[index] ?? 0,
      count: this.#narrow.count[index] ?? 0,
      baseSeq: this.#wide.baseSeq[index] ?? 0,
      baseOffset: this.#wide.baseOffset[index] ?? 0,
      timeMs: this.#wide.timeMs[index] ?? 0,
    };
  }

  /** Index of the last block whose column is at most `value`, or −1. */
  lastAtMost(column: WideColumn, value: number): number {
    const values = this.#wide[column];
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((values[middle] ?? Infinity) <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The columns one after the other, in the machine's byte order. */
  encode(): Buffer {
    const wide = WIDE_COLUMNS.map((name) => this.#wide[name].subarray(0, this.length));
    const narrow = NARROW_COLUMNS.map((name) => this.#narrow[name].subarray(0, this.length));
    return Buffer.concat([...wide, ...narrow].map(bytesOf));
  }

  /** Reads what `encode` wrote, from `at` on. */
  static decode(bytes: Buffer, at: number, length: number): { table: BlockTable; next: number } {
    const table = new BlockTable(Math.max(length, FIRST_CAPACITY));
    let from = at;
    const fill = (column: Float64Array | Uint32Array): void => {
      const target = bytesOf(column.subarray(0, length));
      if (bytes.copy(target, 0, from, from + target.length) !== target.length) {
        throw new RangeError("the index is too short");
      }
      from += target.length;
    };
    for (const name of WIDE_COLUMNS) fill(table.#wide[name]);
    for (const name of NARROW_COLUMNS) fill(table.#narrow[name]);
    table.length = length;
    return { table, next: from };
  }

  #grow(): void {
    const larger = new BlockTable(this.#narrow.bytes.length * 2);
    for (const name of WIDE_COLUMNS) larger.#wide[name].set(this.#wide[name]);
    for (const name of NARROW_COLUMNS) larger.#narrow[name].set(this.#narrow[name]);
    this.#wide = larger.#wide;
    this.#narrow = larger.#narrow;
  }
}

function bytesOf(column: Float64Array | Uint32Array): Buffer {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength);
}
