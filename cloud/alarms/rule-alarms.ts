/**
 * Transitions of the sink's own rules. The id names its cause, and when it was judged: it is written
 * with what the rule remembers of it, so that it is judged once; and a rule that was taken out of the
 * file and put back may come to the same once more.
 */

import { createHash } from "node:crypto";
import type { AlarmPriority } from "#core/alarm.ts";
import { GATEWAY_DEVICE, PIPELINE_DEVICE, SINK, STREAM_TAG } from "#core/own-names.ts";
import type { SeriesKey } from "../rollup/row-json.ts";
import type { AlarmRow } from "../store/alarm-row.ts";

export interface RuleChange extends SeriesKey {
  rule: string;
  priority: AlarmPriority;
  change: "active" | "cleared";
  /** Of the window, or the moment, that brought it; milliseconds since 1970. */
  ts: number;
  value: number;
  expected: number;
  message: string;
  /** When it began, as far as the windows tell. */
  since?: number;
  /** For a sparkline, newest last. */
  points?: readonly number[];
}

export function ruleAlarm(change: RuleChange, nowMs: number): AlarmRow {
  const { change: state, gateway, device, tag, rule, priority, ts, value, expected } = change;
  const { since, points } = change;
  const cause = JSON.stringify([rule, gateway, device, tag, ts, state, nowMs]);
  return {
    id: `rule ${createHash("sha256").update(cause).digest("base64url")}`,
    gateway,
    device,
    tag,
    rule,
    state,
    priority,
    ts,
    value,
    expected,
    message: change.message,
    ...(since !== undefined && { since }),
    ...(points !== undefined && { points: [...points] }),
    receivedAtMs: nowMs,
    isOwn: true,
  };
}

/** Ends an alarm that nobody judges any more. */
export function goneRule(rule: string, series: SeriesKey, nowMs: number): AlarmRow {
  const message = `${rule}: the sink's file has no such rule any more`;
  const rest = { rule, priority: "low", change: "cleared", value: 0, expected: 0 } as const;
  return ruleAlarm({ ...series, ...rest, ts: nowMs, message }, nowMs);
}

/** In place of a device and a tag, where an alarm concerns no series. */
export const OF_GATEWAY = { device: GATEWAY_DEVICE, tag: STREAM_TAG } as const;
export const OF_PIPELINE = { gateway: SINK, device: PIPELINE_DEVICE } as const;
/** Tags and rules of what was lost. */
export const TRANSITIONS_LOST = "transitions-lost";
export const ALARMS_FULL = "alarms-full";

/** Six digits are enough for a person. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}
