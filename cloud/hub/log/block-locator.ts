/**
 * Finds blocks: first the segment, by where each partition stood at its start, then the block in the
 * segment's table.
 */
import type { BlockEntry, BlockTable } from "./block-table.ts";
import type { Segment } from "./segment.ts";
import type { SegmentTables } from "./segment-tables.ts";

export interface Place {
  segment: Segment;
  entry: BlockEntry;
}

export class BlockLocator {
  readonly #segments: readonly Segment[];
  readonly #tables: SegmentTables;

  constructor(segments: readonly Segment[], tables: SegmentTables) {
    this.#segments = segments;
    this.#tables = tables;
  }

  /** The block that holds `seq`, or the first one behind it. */
  bySeq(partition: number, seq: number): Place | undefined {
    for (let i = this.#startingBefore("nextSeq", partition, seq); i < this.#segments.length; i++) {
      const segment = this.#segments[i];
      const table = segment && this.#table(segment, partition);
      if (!table) continue;
      const index = table.lastAtMost("baseSeq", seq);
      const entry = table.at(index);
      if (entry && seq < entry.baseSeq + entry.count) return { segment, entry };
      const next = table.at(index + 1);
      if (next) return { segment, entry: next };
    }
    return undefined;
  }

  /** The last block that begins at or before the offset. */
  byOffset(partition: number, offset: number): Place | undefined {
    for (let i = this.#startingBefore("nextOffset", partition, offset); i >= 0; i--) {
      const segment = this.#segments[i];
      const table = segment && this.#table(segment, partition);
      const entry = table?.at(table.lastAtMost("baseOffset", offset));
      if (segment && entry) return { segment, entry };
    }
    return undefined;
  }

  /** The first block enqueued after `timeMs`. */
  afterTime(partition: number, timeMs: number): Place | undefined {
    for (const segment of this.#segments) {
      if (segment.newestMs <= timeMs) continue;
      const table = this.#table(segment, partition);
      const entry = table?.at(table.lastAtMost("timeMs", timeMs) + 1);
      if (entry) return { segment, entry };
    }
    return undefined;
  }

  #table(segment: Segment, partition: number): BlockTable | undefined {
    if (!segment.tables) this.#tables.load(segment);
    return segment.tables?.get(partition);
  }

  /** Index of the last segment at whose start the partition had come at most so far; else 0. */
  #startingBefore(field: "nextSeq" | "nextOffset", partition: number, value: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = this.#segments[middle]?.start[partition]?.[field] ?? Infinity;
      if (start <= value) low = middle + 1;
      else high = middle;
    }
    return Math.max(low - 1, 0);
  }
}
