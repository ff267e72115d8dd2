/**
 * Merges partial states into the rollup rows. A row is locked and read before it is written, or
 * written from a copy under the condition that its revision is still the copy's.
 */
import { RowState } from "../../rollup/row-state.ts";
import { RowCache } from "../row-cache.ts";
import { numberArray } from "./arrays.ts";
import type { Sql } from "./database.ts";
import { WriteConflict } from "./database-errors.ts";
import {
  decodeRow,
  encodeRows,
  type RawRow,
  ROW_COLUMNS,
  type RollupRowState,
  UPSERT,
} from "./row-codec.ts";

export interface PartialRow {
  seriesId: number;
  widthMs: number;
  start: number;
  parts: RowState[];
}

/** Some milliseconds of work; the event loop breathes between. */
const ROWS_PER_STATEMENT = 500;

export class RowWriter {
  readonly #cache = new RowCache();

  /** Within a transaction. No two of the rows are of the same series, width and start. */
  async merge(sql: Sql, rows: readonly PartialRow[]): Promise<void> {
    for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
      await this.#mergeSome(sql, rows.slice(at, at + ROWS_PER_STATEMENT));
    }
  }

  /** After a rollback: rows are not as they were written. */
  forget(): void {
    this.#cache.clear();
  }

  async #mergeSome(sql: Sql, rows: readonly PartialRow[]): Promise<void> {
    const uncached = rows.filter((row) => this.#cached(row) === undefined);
    const stored = await lockStored(sql, uncached);
    const merged = rows.map((row): RollupRowState => {
      const { seriesId, widthMs, start, parts } = row;
      const before = this.#cached(row) ?? stored.get(nameOf(row));
      // A state of its own: the part may be merged into rows of other widths, too.
      const state = before?.state ?? new RowState();
      for (const part of parts) state.merge(part);
      return { seriesId, widthMs, start, state, revision: (before?.revision ?? 0) + 1 };
    });
    const { rowCount } = await sql.query(UPSERT, encodeRows(merged));
    if (rowCount !== merged.length) throw new WriteConflict("another sink wrote the same rows");
    for (const { seriesId, widthMs, start, state, revision } of merged) {
      this.#cache.set(seriesId, widthMs, { start, state, revision });
    }
  }

  #cached({
    seriesId,
    widthMs,
    start,
  }: PartialRow): { state: RowState; revision: number } | undefined {
    return this.#cache.get(seriesId, widthMs, start);
  }
}

async function lockStored(
  sql: Sql,
  rows: readonly PartialRow[],
): Promise<Map<string, RollupRowState>> {
  if (rows.length === 0) return new Map();
  const found = await sql.query<RawRow>(
    `SELECT ${ROW_COLUMNS}
     FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) AS k(width_ms, start, series_id)
     JOIN rollup ON rollup.width_ms = k.width_ms AND rollup.start = k.start
       AND rollup.series_id = k.series_id
     ORDER BY 1, 2, 3 FOR UPDATE OF rollup`,
    [
      numberArray(rows.map(({ widthMs }) => widthMs)),
      numberArray(rows.map(({ start }) => start)),
      numberArray(rows.map(({ seriesId }) => seriesId)),
    ],
  );
  return new Map(found.rows.map(decodeRow).map((row) => [nameOf(row), row]));
}

export function nameOf({
  seriesId,
  widthMs,
  start,
}: {
  seriesId: number;
  widthMs: number;
  start: number;
}): string {
  return `${seriesId} ${widthMs} ${start}`;
}
