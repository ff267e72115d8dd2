/** When a notice may disturb somebody. Pure. */

import type { AlarmPriority } from "../alarm.ts";
import { rankOf } from "../alarms/priority.ts";
import type { QuietHours } from "./recipient.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** When it may be told: now, or at the end of the quiet hours. */
export function toldAtMs(
  quiet: QuietHours | undefined,
  priority: AlarmPriority,
  nowMs: number,
): number {
  if (!quiet || rankOf(priority) >= rankOf(quiet.except)) return nowMs;
  const { fromMinute, toMinute, zone } = quiet;
  const minute = minuteOfDay(nowMs, zone);
  const length = span(fromMinute, toMinute);
  if (span(fromMinute, minute) >= length) return nowMs;
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + span(minute, toMinute) * MINUTE_MS;
  // Where the clock is put forward or back meanwhile, the end is as much earlier or later.
  const shown = minuteOfDay(endMs, zone);
  const lateBy = span(toMinute, shown);
  const correction = lateBy > DAY_MINUTES / 2 ? DAY_MINUTES - lateBy : -lateBy;
  return Math.max(nowMs, endMs + correction * MINUTE_MS);
}

/** Minutes from one time of the day to the next time that it is the other. */
function span(fromMinute: number, toMinute: number): number {
  return (toMinute - fromMinute + DAY_MINUTES) % DAY_MINUTES;
}

function minuteOfDay(ms: number, zone: string | undefined): number {
  const format = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(zone !== undefined && { timeZone: zone }),
  });
  const [hour = 0, minute = 0] = format.format(ms).split(":").map(Number);
  return hour * 60 + minute;
}
