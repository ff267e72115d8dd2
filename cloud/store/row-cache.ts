/**
 * The newest row of each series and width as it was last written, to save reading it again. A copy
 * is good only together with its revision: whoever writes from it must make sure, in the same
 * statement, that the stored row still has that revision.
 */
import type { RowState } from "../rollup/row-state.ts";

export interface CachedRow {
  start: number;
  state: RowState;
  revision: number;
}

/** Some 700 bytes each. Beyond it the cache begins anew: reading costs time, not correctness. */
const ROWS_MAX = 60_000;

export class RowCache {
  readonly #widths = new Map<number, Map<number, CachedRow>>();
  #size = 0;

  get(seriesId: number, widthMs: number, start: number): CachedRow | undefined {
    const row = this.#widths.get(widthMs)?.get(seriesId);
    return row?.start === start ? row : undefined;
  }

  /** Kept only when it is newer than what is kept: a late reading must not push out the present. */
  set(seriesId: number, widthMs: number, row: CachedRow): void {
    let rows = this.#widths.get(widthMs);
    if (!rows) {
      rows = new Map();
      this.#widths.set(widthMs, rows);
    }
    const known = rows.get(seriesId);
    if (known && known.start > row.start) return;
    if (!known) {
      if (this.#size >= ROWS_MAX) {
        this.clear();
        return this.set(seriesId, widthMs, row);
      }
      this.#size += 1;
    }
    rows.set(seriesId, row);
  }

  drop(seriesId: number, widthMs: number): void {
    if (this.#widths.get(widthMs)?.delete(seriesId)) this.#size -= 1;
  }

  clear(): void {
    this.#widths.clear();
    this.#size = 0;
  }
}
