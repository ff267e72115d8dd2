/** A rollup row as the API tells it: one JSON document, the same bytes for the same readings. */
import type { Value } from "#core/reading.ts";
import type { RowState } from "./row-state.ts";
import type { Width } from "./window.ts";

export interface SeriesKey {
  gateway: string;
  device: string;
  tag: string;
}

/** Numbers are `unknown` where a negative zero must survive `JSON.stringify`. */
export interface RollupRow extends SeriesKey {
  width: Width;
  /** Start of the window, in milliseconds since 1970. */
  start: number;
  count: number;
  bad: number;
  /** Null where no reading was a number. */
  sum: number | null;
  /** Canonical terms of the exact sum (core/exact-sum.ts). */
  exactSum: readonly number[];
  min: unknown;
  max: unknown;
  mean: number | null;
  first: unknown;
  last: unknown;
  firstTs: number | null;
  lastTs: number | null;
  /** How often the row was written; not a value. */
  revision: number;
}

export function rowJson(
  key: SeriesKey,
  width: Width,
  start: number,
  state: RowState,
  revision: number,
): RollupRow {
  const exactSum = state.sum.canonical();
  const sum = state.numbers === 0 ? null : (exactSum[0] ?? 0);
  return {
    gateway: key.gateway,
    device: key.device,
    tag: key.tag,
    width,
    start,
    count: state.count,
    bad: state.bad,
    sum,
    exactSum,
    min: state.numbers === 0 ? null : signed(state.min),
    max: state.numbers === 0 ? null : signed(state.max),
    mean: sum === null ? null : sum / state.numbers + 0,
    first: signed(state.first?.value ?? null),
    last: signed(state.last?.value ?? null),
    firstTs: state.first?.ts ?? null,
    lastTs: state.last?.ts ?? null,
    revision,
  };
}

/** JSON has a negative zero, but `JSON.stringify` drops its sign. */
function signed(value: Value): unknown {
  return Object.is(value, -0) ? JSON.rawJSON("-0") : value;
}
