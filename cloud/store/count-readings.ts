/** How many readings a chunk holds, and how many of them are bad. */
import { type ChunkContent, readingsInBlock } from "#core/chunk.ts";
import { SUM_TERM_MAX } from "#core/exact-sum.ts";

export interface ReadingCount {
  all: number;
  bad: number;
}

export function countReadings(content: ChunkContent): ReadingCount {
  if (content.kind !== "readings") return { all: 0, bad: 0 };
  let all = 0;
  let bad = 0;
  for (const block of content.blocks) {
    all += readingsInBlock(block);
    const marked = new Set<number>();
    for (const mark of block.marks) {
      if (mark.quality === "bad") marked.add(mark.column * block.ts.length + mark.row);
    }
    bad += marked.size;
    for (let column = 0; column < block.columns.length; column++) {
      const values = block.columns[column] ?? [];
      for (let row = 0; row < values.length; row++) {
        if (isUnusable(values[row]) && !marked.has(column * block.ts.length + row)) bad += 1;
      }
    }
  }
  return { all, bad };
}

/** What cannot enter an aggregate counts as bad, whatever its mark says (cloud/rollup/row-state.ts). */
function isUnusable(value: unknown): boolean {
  if (typeof value === "number") return !(Math.abs(value) <= SUM_TERM_MAX);
  return value === null || value === undefined;
}
