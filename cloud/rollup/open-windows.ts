/**
 * Readings that are committed but not yet folded into rows: the open windows of one lane of one
 * gateway, as partial states.
 */
import type { Block, QualityMark } from "#core/chunk.ts";
import type { ReadingPlace } from "./edge.ts";
import { compareSeries, OpenSeries } from "./open-series.ts";
import type { RowState } from "./row-state.ts";
import { MINUTE_MS, windowStart } from "./window.ts";

/** A series that is left out: its part was written before a crash. */
export interface SeriesName {
  device: string;
  tag: string;
}

export class OpenWindows {
  readonly #devices = new Map<string, Map<string, OpenSeries>>();
  #rows = 0;

  /** Partial states held, for bounding memory. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Adds a chunk's blocks.
   * @param after series up to and including this one, in the order of `compareSeries`, are left out
   */
  addBlocks(blocks: readonly Block[], place: ReadingPlace, after?: SeriesName): void {
    let index = 0;
    for (const block of blocks) {
      this.#addBlock(block, place, index, after);
      index += block.ts.length * block.tags.length;
    }
  }

  #addBlock(block: Block, place: ReadingPlace, firstIndex: number, after?: SeriesName): void {
    const tags = this.#tagsOf(block.device);
    const rows = block.ts.length;
    for (let column = 0; column < block.tags.length; column++) {
      const tag = block.tags[column] ?? "";
      if (after && compareSeries({ device: block.device, tag }, after) <= 0) continue;
      let series = tags.get(tag);
      if (!series) {
        series = new OpenSeries(block.device, tag);
        tags.set(tag, series);
      }
      const marks = block.marks.length === 0 ? undefined : badRows(block.marks, column);
      const before = series.windows.size;
      addColumn(series, block, column, place, firstIndex + column * rows, marks);
      this.#rows += series.windows.size - before;
    }
  }

  #tagsOf(device: string): Map<string, OpenSeries> {
    let tags = this.#devices.get(device);
    if (!tags) {
      tags = new Map();
      this.#devices.set(device, tags);
    }
    return tags;
  }

  find(device: string, tag: string): OpenSeries | undefined {
    return this.#devices.get(device)?.get(tag);
  }

  /** Forgets a series whose part is written. */
  remove(series: OpenSeries): void {
    const tags = this.#devices.get(series.device);
    if (tags?.delete(series.tag)) this.#rows -= series.windows.size;
    if (tags?.size === 0) this.#devices.delete(series.device);
  }

  *series(): Generator<OpenSeries, void, void> {
    for (const tags of this.#devices.values()) yield* tags.values();
  }
}

/** The rows of a column that are marked bad. Uncertain readings count like good ones. */
function badRows(marks: readonly QualityMark[], column: number): Set<number> | undefined {
  let rows: Set<number> | undefined;
  for (const mark of marks) {
    if (mark.column !== column || mark.quality !== "bad") continue;
    rows ??= new Set();
    rows.add(mark.row);
  }
  return rows;
}

function addColumn(
  series: OpenSeries,
  block: Block,
  column: number,
  place: ReadingPlace,
  firstIndex: number,
  bad: Set<number> | undefined,
): void {
  const values = block.columns[column] ?? [];
  let start = Number.NaN;
  let state: RowState | undefined;
  for (let row = 0; row < values.length; row++) {
    const ts = (block.ts[row] ?? 0) + 0;
    if (state === undefined || !(ts >= start && ts < start + MINUTE_MS)) {
      start = windowStart(ts, MINUTE_MS);
      state = series.window(start);
    }
    if (bad?.has(row)) state.addBad();
    else state.add(values[row] ?? null, ts, place, firstIndex + row);
  }
}
