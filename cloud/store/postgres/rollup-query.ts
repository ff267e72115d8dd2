/**
 * Answers rollup queries out of one snapshot of the database: stored rows, merged with what lies in
 * the journal, whichever sink took it in. So any sink gives the same answer, and no fold can come
 * between the two halves of a row. The price is to read the journal's events of the asked span.
 */
import { gather } from "../../rollup/gather.ts";
import { compareSeries } from "../../rollup/open-series.ts";
import { OpenWindows } from "../../rollup/open-windows.ts";
import { type RollupRow, rowJson, type SeriesKey } from "../../rollup/row-json.ts";
import { RowState } from "../../rollup/row-state.ts";
import { WIDTH_MS, windowStart } from "../../rollup/window.ts";
import type { RollupQuery } from "../contract.ts";
import { addReadings } from "./adopt.ts";
import { numberArray } from "./arrays.ts";
import type { Sql } from "./database.ts";
import { readJournal } from "./journal-table.ts";
import { decodeRow, type RawRow, ROW_COLUMNS } from "./row-codec.ts";

/** Each takes a millisecond or more to read; the event loop breathes between the pages. */
const EVENTS_PER_PAGE = 20;
const ROWS_PER_PAGE = 2000;

interface QueriedSeries extends SeriesKey {
  /** Undefined where nothing of it is folded yet. */
  id: number | undefined;
  /** What waits for its fold, by the window's start. */
  open: Map<number, RowState[]>;
}

/** Rows by gateway, device, tag and start. */
export async function* queryRollups(
  sql: Sql,
  query: RollupQuery,
): AsyncGenerator<RollupRow, void, void> {
  const series = await querySeries(sql, query);
  const starts = await queryStarts(sql, query);
  for (const page of pagesOf(series, starts)) {
    const stored = await readPage(sql, query, page.series, page.starts);
    for (const each of page.series) yield* mergePage(each, query, page.starts, stored);
  }
}

/** All series that the query may concern, in order. */
async function querySeries(sql: Sql, query: RollupQuery): Promise<QueriedSeries[]> {
  const found = new Map<string, QueriedSeries>();
  const { rows } = await sql.query<SeriesKey & { id: string }>(
    `SELECT id, gateway, device, tag FROM series
     WHERE ($1::text IS NULL OR gateway = $1) AND ($2::text IS NULL OR device = $2)
       AND ($3::text IS NULL OR tag = $3)`,
    [query.gateway ?? null, query.device ?? null, query.tag ?? null],
  );
  for (const { id, ...key } of rows) {
    found.set(nameOf(key), { ...key, id: Number(id), open: new Map() });
  }
  for (const [gateway, windows] of await openWindows(sql, query)) {
    for (const { device, tag, windows: minutes } of windows.series()) {
      if (query.device !== undefined && device !== query.device) continue;
      if (query.tag !== undefined && tag !== query.tag) continue;
      const key = { gateway, device, tag };
      const known = found.get(nameOf(key)) ?? { ...key, id: undefined, open: new Map() };
      found.set(nameOf(key), known);
      known.open = gather(minutes, WIDTH_MS[query.width]);
    }
  }
  return [...found.values()].toSorted(compareKeys);
}

/** What the journal holds, by gateway. */
async function openWindows(sql: Sql, query: RollupQuery): Promise<Map<string, OpenWindows>> {
  const byGateway = new Map<string, OpenWindows>();
  // A window that begins in the span may end after it.
  const widthMs = WIDTH_MS[query.width];
  const span = { fromMs: query.fromMs, toMs: windowStart(query.toMs - 1, widthMs) + widthMs };
  let after = 0;
  for (;;) {
    const events = await readJournal(sql, query.gateway, span, after, EVENTS_PER_PAGE);
    for (const event of events) {
      const windows = byGateway.get(event.gateway) ?? new OpenWindows();
      byGateway.set(event.gateway, windows);
      addReadings(event, windows);
      after = event.id;
    }
    if (events.length < EVENTS_PER_PAGE) return byGateway;
  }
}

/** Starts of all windows that any series has stored rows of; one index seek each. */
async function queryStarts(sql: Sql, { width, fromMs, toMs }: RollupQuery): Promise<number[]> {
  const { rows } = await sql.query<{ start: string }>(
    `WITH RECURSIVE seek(start) AS (
       (SELECT start FROM rollup WHERE width_ms = $1 AND start >= $2 ORDER BY start LIMIT 1)
       UNION ALL
       SELECT (SELECT rollup.start FROM rollup WHERE width_ms = $1 AND rollup.start > seek.start
               ORDER BY rollup.start LIMIT 1)
       FROM seek WHERE seek.start < $3)
     SELECT start FROM seek WHERE start < $3`,
    [WIDTH_MS[width], fromMs, toMs],
  );
  return rows.map(({ start }) => Number(start));
}

interface Page {
  series: QueriedSeries[];
  /** Stored windows; what is open comes with the series. */
  starts: number[];
}

/** Many series with few windows, or one series with many. */
function* pagesOf(
  series: readonly QueriedSeries[],
  starts: readonly number[],
): Generator<Page, void, void> {
  const seriesPerPage = Math.max(1, Math.floor(ROWS_PER_PAGE / Math.max(1, starts.length)));
  for (let at = 0; at < series.length; at += seriesPerPage) {
    yield { series: series.slice(at, at + seriesPerPage), starts: [...starts] };
  }
}

async function readPage(
  sql: Sql,
  query: RollupQuery,
  series: readonly QueriedSeries[],
  starts: readonly number[],
): Promise<Map<string, RawRow>> {
  const ids = series.flatMap(({ id }) => id ?? []);
  if (ids.length === 0 || starts.length === 0) return new Map();
  const { rows } = await sql.query<RawRow>(
    `SELECT ${ROW_COLUMNS} FROM rollup
     WHERE width_ms = $1 AND start = ANY($2::bigint[]) AND series_id = ANY($3::bigint[])`,
    [WIDTH_MS[query.width], numberArray(starts), numberArray(ids)],
  );
  return new Map(rows.map((row) => [`${row.series_id} ${row.start}`, row]));
}

function* mergePage(
  series: QueriedSeries,
  query: RollupQuery,
  starts: readonly number[],
  stored: ReadonlyMap<string, RawRow>,
): Generator<RollupRow, void, void> {
  const { fromMs, toMs, width } = query;
  const open = [...series.open.keys()].filter((start) => start >= fromMs && start < toMs);
  const all = new Set([...starts, ...open]);
  for (const start of [...all].toSorted((a, b) => a - b)) {
    const raw = stored.get(`${series.id} ${start}`);
    const parts = series.open.get(start);
    if (raw === undefined && parts === undefined) continue;
    const row = raw === undefined ? undefined : decodeRow(raw);
    const state = row?.state ?? new RowState();
    for (const part of parts ?? []) state.merge(part);
    const revision = (row?.revision ?? 0) + (parts === undefined ? 0 : 1);
    yield rowJson(series, width, start, state, revision);
  }
}

function nameOf({ gateway, device, tag }: SeriesKey): string {
  return JSON.stringify([gateway, device, tag]);
}

function compareKeys(a: SeriesKey, b: SeriesKey): number {
  if (a.gateway !== b.gateway) return a.gateway < b.gateway ? -1 : 1;
  return compareSeries(a, b);
}
