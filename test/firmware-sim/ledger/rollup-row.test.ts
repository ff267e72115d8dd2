import { expect, test } from "vitest";
import { parseRollupRow } from "#sim/ledger/rollup-row.ts";

const row = {
  gateway: "g",
  device: "d",
  tag: "t",
  start: 60_000,
  count: 2,
  bad: 0,
  exactSum: [1.5],
};

test("a line of the rollups API becomes a row, whatever else it holds", () => {
  expect(parseRollupRow(JSON.stringify({ ...row, width: "1m", last: "x" }))).toMatchObject(row);
});

test.each([
  ["a cut line", '{"gateway":"g"'],
  ["no object", "null"],
  ["a missing field", JSON.stringify({ ...row, exactSum: undefined })],
  ["a count below zero", JSON.stringify({ ...row, count: -1 })],
  ["a sum of texts", JSON.stringify({ ...row, exactSum: ["1"] })],
])("%s is no row", (_, line) => {
  expect(parseRollupRow(line)).toBeUndefined();
});
