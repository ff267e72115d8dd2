/**
 * The newest committed groups, kept in memory as they were written: readers that keep up never touch
 * the disk, and all of them share the one copy. Bounded in bytes; the oldest leave first.
 */
interface Group {
  address: number;
  bytes: Buffer;
}

const NOTHING = Buffer.alloc(0);

export class RecentGroups {
  readonly #bytesMax: number;
  #groups: Group[] = [];
  /** Groups before this index have left; the array is compacted now and then. */
  #first = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes kept at present. */
  get bytes(): number {
    return this.#bytes;
  }

  push(address: number, bytes: Buffer): void {
    this.#groups.push({ address, bytes });
    this.#bytes += bytes.length;
    while (this.#bytes > this.#bytesMax && this.#first < this.#groups.length) {
      this.#drop(this.#first);
      this.#first += 1;
    }
    // Compacting at half keeps the cost constant a group.
    if (this.#first * 2 > this.#groups.length) {
      this.#groups = this.#groups.slice(this.#first);
      this.#first = 0;
    }
  }

  #drop(index: number): void {
    const group = this.#groups[index];
    if (!group) return;
    this.#bytes -= group.bytes.length;
    group.bytes = NOTHING;
  }

  /** The bytes of the block at `address`, or `undefined` when it is no longer here. */
  find(address: number, byteCount: number): Buffer | undefined {
    let low = this.#first;
    let high = this.#groups.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#groups[middle]?.address ?? Infinity) <= address) low = middle + 1;
      else high = middle;
    }
    const group = low > this.#first ? this.#groups[low - 1] : undefined;
    if (!group) return undefined;
    const at = address - group.address;
    return at + byteCount <= group.bytes.length
      ? group.bytes.subarray(at, at + byteCount)
      : undefined;
  }
}
