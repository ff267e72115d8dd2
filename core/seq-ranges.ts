/**
 * A set of sequence numbers as ascending ranges, both ends included, no two of them adjacent. A lane
 * without holes is one range however long it runs.
 */
export type SeqRange = readonly [from: number, to: number];

export class SeqRanges {
  readonly #ranges: [number, number][];

  constructor(ranges: readonly SeqRange[] = []) {
    this.#ranges = ranges.map(([from, to]) => [from, to]);
  }

  get count(): number {
    return this.#ranges.length;
  }

  has(seq: number): boolean {
    const range = this.#ranges[this.#firstEndingAt(seq)];
    return range !== undefined && range[0] <= seq;
  }

  /** Whether adding `seq` makes no new range. */
  touches(seq: number): boolean {
    const range = this.#ranges[this.#firstEndingAt(seq - 1)];
    return range !== undefined && range[0] <= seq + 1;
  }

  /** Adds `from` to `to`, both included. */
  add(from: number, to: number = from): void {
    // Everything that overlaps or touches [from, to] melts into one range.
    const start = this.#firstEndingAt(from - 1);
    let end = start;
    let low = from;
    let high = to;
    for (;;) {
      const range = this.#ranges[end];
      if (range === undefined || range[0] > to + 1) break;
      low = Math.min(low, range[0]);
      high = Math.max(high, range[1]);
      end += 1;
    }
    this.#ranges.splice(start, end - start, [low, high]);
  }

  /** What is missing from 0 up to the highest number. */
  holes(): SeqRange[] {
    const holes: SeqRange[] = [];
    let next = 0;
    for (const [from, to] of this.#ranges) {
      if (from > next) holes.push([next, from - 1]);
      next = to + 1;
    }
    return holes;
  }

  /** The parts of [from, to] that are not in the set. */
  missing(from: number, to: number): SeqRange[] {
    const missing: SeqRange[] = [];
    let next = from;
    for (let i = this.#firstEndingAt(from); i < this.#ranges.length; i++) {
      const [low, high] = this.#ranges[i] ?? [0, 0];
      if (low > to) break;
      if (low > next) missing.push([next, low - 1]);
      next = high + 1;
    }
    if (next <= to) missing.push([next, to]);
    return missing;
  }

  toJSON(): readonly SeqRange[] {
    return this.#ranges;
  }

  copy(): SeqRanges {
    return new SeqRanges(this.#ranges);
  }

  /** Index of the first range whose end is at or after `seq`. */
  #firstEndingAt(seq: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.[1] ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
