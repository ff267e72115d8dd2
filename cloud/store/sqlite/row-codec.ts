/** A rollup row's state as columns. Doubles stay doubles (also −0); other values stand as JSON text. */
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Value } from "#core/reading.ts";
import { Edge } from "../../rollup/edge.ts";
import { RowState } from "../../rollup/row-state.ts";
import { parsePlace, placeText } from "../place-text.ts";

export interface StoredRow {
  start: number;
  state: RowState;
  revision: number;
}

/** The columns of the state, from `count` to `last`. */
export function encodeState(state: RowState): SQLInputValue[] {
  const [sum, ...rest] = state.sum.canonical();
  const hasNumbers = state.numbers > 0;
  return [
    state.count,
    state.numbers,
    state.bad,
    hasNumbers ? (sum ?? 0) : null,
    rest.length > 0 ? JSON.stringify(rest) : null,
    hasNumbers ? state.min : null,
    hasNumbers ? state.max : null,
    ...encodeEdge(state.first),
    ...encodeEdge(state.last),
  ];
}

/** Reads the columns of `SELECT * FROM rollup`, in their order. */
export function decodeRow(columns: readonly SQLOutputValue[]): StoredRow {
  const state = new RowState();
  state.count = Number(columns[3]);
  state.numbers = Number(columns[4]);
  state.bad = Number(columns[5]);
  if (state.numbers > 0) {
    const rest: number[] = columns[7] === null ? [] : JSON.parse(String(columns[7]));
    state.sum.addSum([...rest, Number(columns[6])]);
    state.min = Number(columns[8]);
    state.max = Number(columns[9]);
  }
  state.first = decodeEdge(columns[10], columns[11], columns[12]);
  state.last = decodeEdge(columns[13], columns[14], columns[15]);
  return { start: Number(columns[1]), state, revision: Number(columns[16]) };
}

function encodeEdge(edge: Edge | undefined): [SQLInputValue, SQLInputValue, SQLInputValue] {
  if (edge === undefined) return [null, null, null];
  const value = typeof edge.value === "number" ? edge.value : JSON.stringify(edge.value);
  return [edge.ts, placeText(edge), value];
}

function decodeEdge(
  ts: SQLOutputValue | undefined,
  at: SQLOutputValue | undefined,
  value: SQLOutputValue | undefined,
): Edge | undefined {
  if (typeof ts !== "number" || typeof at !== "string") return undefined;
  const { place, index } = parsePlace(at);
  return new Edge(ts, place, index, decodeValue(value));
}

function decodeValue(value: SQLOutputValue | undefined): Exclude<Value, null> {
  if (typeof value === "number") return value;
  const parsed: Exclude<Value, null> = JSON.parse(String(value));
  return parsed;
}
