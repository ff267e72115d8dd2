/**
 * Where the blocks of one partition lie in one segment, in columns of numbers: 44 bytes a block
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
export const ENTRY_BYTES = 40;

type Column = "address" | "baseSeq" | "baseOffset" | "timeMs";

export class BlockTable {
  length = 0;
  #address = new Float64Array(FIRST_CAPACITY);
  #baseSeq = new Float64Array(FIRST_CAPACITY);
  #baseOffset = new Float64Array(FIRST_CAPACITY);
  #timeMs = new Float64Array(FIRST_CAPACITY);
  #bytes = new Uint32Array(FIRST_CAPACITY);
  #count = new Uint32Array(FIRST_CAPACITY);

  push(address: number, head: BlockHead): void {
    if (this.length === this.#bytes.length) this.#grow();
    const at = this.length++;
    this.#address[at] = address;
    this.#baseSeq[at] = head.baseSeq;
    this.#baseOffset[at] = head.baseOffset;
    this.#timeMs[at] = head.timeMs;
    this.#bytes[at] = head.bytes;
    this.#count[at] = head.count;
  }

  at(index: number): BlockEntry | undefined {
    if (index < 0 || index >= this.length) return undefined;
    return {
      address: this.#address[index] ?? 0,
      bytes: this.#bytes[index] ?? 0,
      count: this.#count[index] ?? 0,
      baseSeq: this.#baseSeq[index] ?? 0,
      baseOffset: this.#baseOffset[index] ?? 0,
      timeMs: this.#timeMs[index] ?? 0,
    };
  }

  /** Index of the last block whose column is at most `value`, or −1. */
  lastAtMost(column: Column, value: number): number {
    const values = this.#column(column);
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((values[middle] ?? Infinity) <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #column(column: Column): Float64Array {
    switch (column) {
      case "address":
        return this.#address;
      case "baseSeq":
        return this.#baseSeq;
      case "baseOffset":
        return this.#baseOffset;
      case "timeMs":
        return this.#timeMs;
      default:
        return column satisfies never;
    }
  }

  #grow(): void {
    const capacity = this.#bytes.length * 2;
    this.#address = widened(this.#address, new Float64Array(capacity));
    this.#baseSeq = widened(this.#baseSeq, new Float64Array(capacity));
    this.#baseOffset = widened(this.#baseOffset, new Float64Array(capacity));
    this.#timeMs = widened(this.#timeMs, new Float64Array(capacity));
    this.#bytes = widened(this.#bytes, new Uint32Array(capacity));
    this.#count = widened(this.#count, new Uint32Array(capacity));
  }
}

function widened<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
