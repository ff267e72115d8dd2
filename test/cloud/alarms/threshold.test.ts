import { describe, expect, test } from "vitest";
import { judgeThreshold, type ThresholdState } from "#cloud/alarms/threshold.ts";
import type { Comparison } from "#config/sink/alarm-rules.ts";

const MINUTE = 60_000;

interface Rule {
  compare: Comparison;
  for: number;
  deadband?: number;
  clear?: Comparison;
}

/** What happens at each window; undefined stands for a window that is missing. */
function changesOf(rule: Rule, values: readonly (number | undefined)[]): string[] {
  let state: ThresholdState | undefined;
  return values.map((value, at) => {
    if (value === undefined) return "-";
    const window = { start: at * MINUTE, widthMs: MINUTE, value };
    const verdict = judgeThreshold(rule, state, window);
    state = verdict.state;
    return verdict.change ?? ".";
  });
}

const above: Rule = { compare: { sign: ">", limit: 245 }, for: 0 };

describe("a threshold rule", () => {
  test("is an alarm from the first window on that breaks it, and over with the first that does not", () => {
    expect(changesOf(above, [245, 246, 250, 245, 245])).toEqual([
      ".",
      "active",
      ".",
      "cleared",
      ".",
    ]);
  });

  test("waits until it has held for long enough, window after window", () => {
    const rule = { ...above, for: 2 * MINUTE };
    expect(changesOf(rule, [246, 245, 246, 246, 246])).toEqual([".", ".", ".", "active", "."]);
  });

  test("waits anew after a window that is missing, but leaves an alarm that is active", () => {
    const rule = { ...above, for: 2 * MINUTE };
    expect(changesOf(rule, [246, undefined, 246, 246])).toEqual([".", "-", ".", "active"]);
    expect(changesOf(rule, [246, 246, undefined, 246, 1])).toEqual([
      ".",
      "active",
      "-",
      ".",
      "cleared",
    ]);
  });

  test("clears only when the value has come back by the deadband, from either side", () => {
    expect(changesOf({ ...above, deadband: 5 }, [246, 241, 240])).toEqual([
      "active",
      ".",
      "cleared",
    ]);
    const below: Rule = { compare: { sign: "<", limit: 10 }, for: 0, deadband: 2 };
    expect(changesOf(below, [9, 11, 12])).toEqual(["active", ".", "cleared"]);
  });

  test("clears by a comparison of its own where it has one", () => {
    const rule: Rule = { ...above, clear: { sign: "<=", limit: 200 } };
    expect(changesOf(rule, [246, 201, 200])).toEqual(["active", ".", "cleared"]);
  });

  test("takes the limit itself in only where it says so", () => {
    expect(changesOf({ compare: { sign: ">=", limit: 5 }, for: 0 }, [5])).toEqual(["active"]);
    expect(changesOf({ compare: { sign: "<=", limit: 5 }, for: 0 }, [5])).toEqual(["active"]);
    expect(changesOf({ compare: { sign: "<", limit: 5 }, for: 0 }, [5])).toEqual(["."]);
  });
});
