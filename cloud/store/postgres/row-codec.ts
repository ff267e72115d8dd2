/** Rollup rows as columns. Doubles stay doubles (also −0); values of any type stand as JSON. */
import type { Value } from "#core/reading.ts";
import { Edge } from "../../rollup/edge.ts";
import { RowState } from "../../rollup/row-state.ts";
import { parsePlace, placeText } from "../place-text.ts";
import { numberArray } from "./arrays.ts";

export interface RollupRowState {
  seriesId: number;
  widthMs: number;
  start: number;
  state: RowState;
  revision: number;
}

/** As the columns of `ROW_COLUMNS` come. */
export interface RawRow {
  width_ms: number;
  start: string;
  series_id: string;
  count: string;
  numbers: string;
  bad: string;
  sum: number | null;
  sum_rest: string | null;
  min: number | null;
  max: number | null;
  first_ts: number | null;
  first_at: string | null;
  first: string | null;
  last_ts: number | null;
  last_at: string | null;
  last: string | null;
  revision: string;
}

export const ROW_COLUMNS = `rollup.width_ms, rollup.start, rollup.series_id, count, numbers, bad, sum,
  sum_rest, min, max, first_ts, first_at, first::text, last_ts, last_at, last::text, revision`;

/** Writes each row where it does not exist, or has the revision before: counts the rows written. */
export const UPSERT = `
INSERT INTO rollup (width_ms, start, series_id, count, numbers, bad, sum, sum_rest, min, max,
  first_ts, first_at, first, last_ts, last_at, last, revision)
SELECT width_ms, start, series_id, count, numbers, bad, sum, sum_rest, min, max,
  first_ts, first_at, first::json, last_ts, last_at, last::json, revision
FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
  $7::float8[], $8::text[], $9::float8[], $10::float8[], $11::float8[], $12::text[], $13::text[],
  $14::float8[], $15::text[], $16::text[], $17::bigint[])
  AS u(width_ms, start, series_id, count, numbers, bad, sum, sum_rest, min, max,
    first_ts, first_at, first, last_ts, last_at, last, revision)
ON CONFLICT (width_ms, start, series_id) DO UPDATE SET count = excluded.count,
  numbers = excluded.numbers, bad = excluded.bad, sum = excluded.sum, sum_rest = excluded.sum_rest,
  min = excluded.min, max = excluded.max, first_ts = excluded.first_ts, first_at = excluded.first_at,
  first = excluded.first, last_ts = excluded.last_ts, last_at = excluded.last_at,
  last = excluded.last, revision = excluded.revision
WHERE rollup.revision = excluded.revision - 1`;

/** The parameters of `UPSERT`. */
export function encodeRows(rows: readonly RollupRowState[]): unknown[] {
  const states = rows.map(({ state }) => state);
  const sums = states.map((state) => state.sum.canonical());
  const ifNumbers = (value: (state: RowState) => number): string =>
    numberArray(states.map((state) => (state.numbers > 0 ? value(state) : null)));
  return [
    numberArray(rows.map(({ widthMs }) => widthMs)),
    numberArray(rows.map(({ start }) => start)),
    numberArray(rows.map(({ seriesId }) => seriesId)),
    numberArray(states.map(({ count }) => count)),
    numberArray(states.map(({ numbers }) => numbers)),
    numberArray(states.map(({ bad }) => bad)),
    numberArray(states.map((state, at) => (state.numbers > 0 ? (sums[at]?.[0] ?? 0) : null))),
    sums.map((terms) => (terms.length > 1 ? JSON.stringify(terms.slice(1)) : null)),
    ifNumbers(({ min }) => min),
    ifNumbers(({ max }) => max),
    numberArray(states.map(({ first }) => first?.ts ?? null)),
    states.map(({ first }) => (first ? placeText(first) : null)),
    states.map(({ first }) => valueText(first)),
    numberArray(states.map(({ last }) => last?.ts ?? null)),
    states.map(({ last }) => (last ? placeText(last) : null)),
    states.map(({ last }) => valueText(last)),
    numberArray(rows.map(({ revision }) => revision)),
  ];
}

export function decodeRow(raw: RawRow): RollupRowState {
  const state = new RowState();
  state.count = Number(raw.count);
  state.numbers = Number(raw.numbers);
  state.bad = Number(raw.bad);
  if (state.numbers > 0) {
    const rest: number[] = raw.sum_rest === null ? [] : JSON.parse(raw.sum_rest);
    state.sum.addSum([...rest, raw.sum ?? 0]);
    state.min = raw.min ?? 0;
    state.max = raw.max ?? 0;
  }
  state.first = decodeEdge(raw.first_ts, raw.first_at, raw.first);
  state.last = decodeEdge(raw.last_ts, raw.last_at, raw.last);
  return {
    seriesId: Number(raw.series_id),
    widthMs: raw.width_ms,
    start: Number(raw.start),
    state,
    revision: Number(raw.revision),
  };
}

function decodeEdge(ts: number | null, at: string | null, value: string | null): Edge | undefined {
  if (ts === null || at === null || value === null) return undefined;
  const { place, index } = parsePlace(at);
  const parsed: Exclude<Value, null> = JSON.parse(value);
  return new Edge(ts, place, index, parsed);
}

/** JSON has a negative zero, but `JSON.stringify` drops its sign. */
function valueText(edge: Edge | undefined): string | null {
  if (edge === undefined) return null;
  return Object.is(edge.value, -0) ? "-0" : JSON.stringify(edge.value);
}
