/**
 * Rollup rows and the names of their series. A row is read and merged inside the transaction that
 * writes it, or written from a copy under the condition that its revision is still the copy's.
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { gather } from "../../rollup/gather.ts";
import type { OpenSeries } from "../../rollup/open-series.ts";
import type { SeriesKey } from "../../rollup/row-json.ts";
import { RowState } from "../../rollup/row-state.ts";
import { WIDTH_MS } from "../../rollup/window.ts";
import { type CachedRow, RowCache } from "../row-cache.ts";
import { decodeRow, encodeState, type StoredRow } from "./row-codec.ts";

/** Ids kept in memory; beyond it they are looked up again. */
const SERIES_IDS_MAX = 200_000;

export class RollupTable {
  readonly #selectSeries: StatementSync;
  readonly #insertSeries: StatementSync;
  readonly #selectRow: StatementSync;
  readonly #writeRow: StatementSync;
  readonly #updateRow: StatementSync;
  readonly #selectRange: StatementSync;
  readonly #nextStart: StatementSync;
  readonly #ids = new Map<string, number>();
  readonly #cache = new RowCache();

  constructor(db: DatabaseSync) {
    this.#selectSeries = db.prepare(
      "SELECT id FROM series WHERE gateway = ? AND device = ? AND tag = ?",
    );
    this.#insertSeries = db.prepare("INSERT INTO series (gateway, device, tag) VALUES (?, ?, ?)");
    this.#selectRow = db.prepare(
      "SELECT * FROM rollup WHERE width_ms = ? AND start = ? AND series_id = ?",
    );
    this.#selectRow.setReturnArrays(true);
    this.#writeRow = db.prepare(
      "INSERT OR REPLACE INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#updateRow = db.prepare(
      `UPDATE rollup SET count = ?, numbers = ?, bad = ?, sum = ?, sum_rest = ?, min = ?, max = ?,
         first_ts = ?, first_at = ?, first = ?, last_ts = ?, last_at = ?, last = ?,
         revision = revision + 1
       WHERE width_ms = ? AND start = ? AND series_id = ? AND revision = ?`,
    );
    this.#selectRange = db.prepare(
      // CROSS JOIN keeps the order: the planner would rather scan all rows of the width.
      `SELECT rollup.* FROM json_each(?3) AS wanted
       CROSS JOIN rollup ON start = wanted.value AND width_ms = ?1 AND series_id = ?2`,
    );
    this.#nextStart = db.prepare(
      "SELECT min(start) AS start FROM rollup WHERE width_ms = ? AND start >= ?",
    );
    this.#selectRange.setReturnArrays(true);
  }

  /** Within a transaction: writes a series' partial states into its rows of all widths. */
  merge(gateway: string, series: OpenSeries): number {
    const id = this.#idOf({ gateway, device: series.device, tag: series.tag });
    let written = 0;
    for (const widthMs of Object.values(WIDTH_MS)) {
      for (const [start, parts] of gather(series.windows, widthMs)) {
        this.#mergeRow(id, widthMs, start, parts);
        written += 1;
      }
    }
    return written;
  }

  /** After a rollback: ids that it gave out do not exist, and rows are not as they were written. */
  forget(): void {
    this.#ids.clear();
    this.#cache.clear();
  }

  findId(key: SeriesKey): number | undefined {
    return this.#ids.get(nameOf(key)) ?? this.#readId(key);
  }

  /** Starts of the windows that any series has rows of; one index seek each. */
  *starts(widthMs: number, fromMs: number, toMs: number): Generator<number, void, void> {
    let nextMs = fromMs;
    for (;;) {
      const start = this.#nextStart.get(widthMs, nextMs)?.["start"];
      if (typeof start !== "number" || start >= toMs) return;
      yield start;
      nextMs = start + 1;
    }
  }

  /** Stored rows of one series in the windows of the given starts. */
  rows(seriesId: number, widthMs: number, starts: readonly number[]): StoredRow[] {
    const rows = this.#selectRange.all(widthMs, seriesId, JSON.stringify(starts));
    return rows.map((row) => decodeRow(asArray(row)));
  }

  #mergeRow(seriesId: number, widthMs: number, start: number, parts: readonly RowState[]): void {
    const cached = this.#cache.get(seriesId, widthMs, start);
    if (cached && this.#updateFrom(cached, seriesId, widthMs, parts)) return;
    const row = this.#selectRow.get(widthMs, start, seriesId);
    const stored = row === undefined ? undefined : decodeRow(asArray(row));
    // A state of its own: the part may be merged into rows of other widths, too.
    const state = stored?.state ?? new RowState();
    for (const part of parts) state.merge(part);
    const revision = (stored?.revision ?? 0) + 1;
    this.#writeRow.run(widthMs, start, seriesId, ...encodeState(state), revision);
    this.#cache.set(seriesId, widthMs, { start, state, revision });
  }

  /** False when the row is no longer as it was when it was kept. */
  #updateFrom(
    cached: CachedRow,
    seriesId: number,
    widthMs: number,
    parts: readonly RowState[],
  ): boolean {
    const { state, start, revision } = cached;
    for (const part of parts) state.merge(part);
    const columns = encodeState(state);
    const { changes } = this.#updateRow.run(...columns, widthMs, start, seriesId, revision);
    if (Number(changes) !== 1) {
      this.#cache.drop(seriesId, widthMs);
      return false;
    }
    cached.revision += 1;
    return true;
  }

  #idOf(key: SeriesKey): number {
    const name = nameOf(key);
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id =
      this.#readId(key) ??
      Number(this.#insertSeries.run(key.gateway, key.device, key.tag).lastInsertRowid);
    if (this.#ids.size >= SERIES_IDS_MAX) this.#ids.clear();
    this.#ids.set(name, id);
    return id;
  }

  #readId({ gateway, device, tag }: SeriesKey): number | undefined {
    const row = this.#selectSeries.get(gateway, device, tag);
    return row === undefined ? undefined : Number(row["id"]);
  }
}

function nameOf({ gateway, device, tag }: SeriesKey): string {
  return JSON.stringify([gateway, device, tag]);
}

/** With `setReturnArrays`, which the types do not know. */
function asArray(row: unknown): readonly SQLOutputValue[] {
  if (!Array.isArray(row)) throw new TypeError("a row is not an array");
  return row;
}
