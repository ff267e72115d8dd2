/**
 * One threshold rule on one series: what a final window makes of its state. Pure.
 *
 * Windows come in order, each once. One that is missing says nothing of an alarm that is active, but
 * ends the waiting for one: what did not hold all the time does not count.
 */
import type { Comparison, ThresholdRule } from "#config/sink/alarm-rules.ts";

/** Undefined where all is well. */
export interface ThresholdState {
  /** Start of the first window in a row for which it held. */
  since: number;
  /** Start of the last window for which it held before the alarm. */
  last: number;
  isActive: boolean;
}

export interface JudgedWindow {
  start: number;
  widthMs: number;
  value: number;
}

export interface ThresholdVerdict {
  state: ThresholdState | undefined;
  change: "active" | "cleared" | undefined;
}

export function judgeThreshold(
  rule: Pick<ThresholdRule, "for" | "deadband" | "clear"> & { compare: Comparison },
  before: ThresholdState | undefined,
  { start, widthMs, value }: JudgedWindow,
): ThresholdVerdict {
  if (before?.isActive) {
    if (isClear(rule, value)) return { state: undefined, change: "cleared" };
    return { state: before, change: undefined };
  }
  if (!holds(rule.compare, value)) return { state: undefined, change: undefined };
  const since = before && before.last + widthMs === start ? before.since : start;
  const isActive = start + widthMs - since >= rule.for;
  return { state: { since, last: start, isActive }, change: isActive ? "active" : undefined };
}

function holds({ sign, limit }: Comparison, value: number): boolean {
  switch (sign) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
  }
}

function isClear(
  { compare, clear, deadband = 0 }: Parameters<typeof judgeThreshold>[0],
  value: number,
): boolean {
  if (clear) return holds(clear, value);
  const back = compare.sign.startsWith(">") ? -deadband : deadband;
  return !holds({ sign: compare.sign, limit: compare.limit + back }, value);
}
