import { describe, expect, test } from "vitest";
import { AlarmBoard } from "#core/alarms/alarm-board.ts";
import { selectAlarms } from "#core/alarms/selection.ts";
import { FACTS, NOTHING_KEPT, POLICY, START_MS, transition } from "./sample.ts";

function selected(...selectors: string[]): string[] {
  const board = new AlarmBoard(POLICY, NOTHING_KEPT, FACTS);
  for (const device of ["oven", "ove*n", "ove-n", "ove?", "a"]) {
    board.take(transition(`${device}/t/stale`, "active", START_MS), "", START_MS);
  }
  const found = selectAlarms(board.states(), selectors, () => undefined);
  return found.map(({ key }) => key).toSorted();
}

describe("alarms are named", () => {
  test("by a pattern, also across the slashes", () => {
    expect(selected("ove*n")).toEqual(["ove*n/t/stale", "ove-n/t/stale", "oven/t/stale"]);
    expect(selected("*/stale")).toHaveLength(5);
  });

  test("in full, where a star or a question mark in the name is no pattern", () => {
    expect(selected("ove*n/t/stale")).toEqual(["ove*n/t/stale"]);
    expect(selected("ove?/t/stale")).toEqual(["ove?/t/stale"]);
    expect(selected("ove?/t/stale", "a")).toEqual(["a/t/stale", "ove?/t/stale"]);
  });
});
