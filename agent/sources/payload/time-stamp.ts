/**
 * A sender's time stamp: a number counts from 1970 in the rule's unit (milliseconds, if it does not
 * say; what is finer is cut off), text is ISO 8601 with a zone. Anything else is no time. A time that cannot be right is kept, because a
 * reading is never re-stamped, but the reading is then `uncertain`.
 */
import { isBootTime } from "#core/boot-time.ts";
import type { QualityReason } from "#core/reading.ts";
import type { Json } from "./strict-json.ts";

/** `gateway`: the sender's clock is not to be trusted, so the time of arrival counts. */
export type TimeUnit = "ms" | "s" | "us" | "ns" | "gateway";

export interface TimeStamp {
  ts: number;
  /** True where the sender gave the time, and it could be read. */
  isOwn: boolean;
  /** Why not to trust it. */
  doubt: QualityReason | undefined;
}

const CLOCK_AHEAD = "clock ahead";
const CLOCK_BEHIND = "clock behind";
const CLOCK_NOT_SET = "clock not set";
const TIME_MALFORMED = "time malformed";

/** Skew that is taken for ordinary: beyond it a clock is wrong. */
export interface StampLimits {
  readonly aheadMaxMs: number;
  /** Infinite where devices keep their data while they are cut off. */
  readonly behindMaxMs: number;
}

const LIMITS_DEFAULT: StampLimits = {
  aheadMaxMs: 5 * 60_000,
  behindMaxMs: Number.POSITIVE_INFINITY,
};

/** 2000-01-01: devices without a clock start in 1970, and seconds taken for ms end up there too. */
const PLAUSIBLE_FROM_MS = 946_684_800_000;

/** The last time that a `Date` can hold. */
const DATE_MS_MAX = 8.64e15;

const ISO_8601 = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(Z|[+-]\d\d(?::?\d\d)?)$/;

/** `given` is undefined or null where the sender has no time: then it is the time of arrival. */
export function readTime(
  given: Json | undefined,
  nowMs: number,
  unit: TimeUnit = "ms",
  limits: StampLimits = LIMITS_DEFAULT,
): TimeStamp {
  const isGiven = given !== undefined && given !== null && unit !== "gateway";
  if (!isGiven) return { ts: nowMs, isOwn: false, doubt: undefined };
  const ts = toMilliseconds(given, unit);
  if (ts === undefined) return { ts: nowMs, isOwn: false, doubt: TIME_MALFORMED };
  return { ts, isOwn: true, doubt: doubtOf(ts, nowMs, limits) };
}

function doubtOf(
  ts: number,
  nowMs: number,
  { aheadMaxMs, behindMaxMs }: StampLimits,
): QualityReason | undefined {
  if (ts < PLAUSIBLE_FROM_MS) return CLOCK_NOT_SET;
  // While the gateway does not know the time itself, it cannot tell whose clock is wrong.
  if (isBootTime(nowMs)) return undefined;
  if (ts > nowMs + aheadMaxMs) return CLOCK_AHEAD;
  return nowMs - ts > behindMaxMs ? CLOCK_BEHIND : undefined;
}

function toMilliseconds(given: Json, unit: TimeUnit): number | undefined {
  const ms = typeof given === "string" ? parseIso(given) : scale(given, unit);
  if (typeof ms !== "number" || !(ms >= 0 && ms <= DATE_MS_MAX)) return undefined;
  // Also turns −0 into 0.
  return Math.trunc(ms) + 0;
}

function scale(given: Json, unit: TimeUnit): number | undefined {
  // Nanoseconds since 1970 are beyond 2^53, so the parser gives them with all digits.
  if (typeof given === "bigint") return unit === "ns" ? Number(given / 1_000_000n) : undefined;
  if (typeof given !== "number") return undefined;
  switch (unit) {
    case "ms":
      return given;
    case "s":
      // Rounded: 1.001 s × 1000 is 1000.9999999999999.
      return Math.round(given * 1000);
    case "us":
      return given / 1000;
    default:
      return given / 1_000_000;
  }
}

function parseIso(text: string): number | undefined {
  const [, date, zone] = ISO_8601.exec(text) ?? [];
  if (date === undefined || zone === undefined || !isDay(date)) return undefined;
  const clock = text.slice(0, text.length - zone.length).replace(",", ".");
  return Date.parse(clock + zoneWithColon(zone));
}

/** `Date.parse` takes February 30th for March 1st. */
function isDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
}

/** `Date.parse` wants +01:00 where the standard also allows +01 and +0100. */
function zoneWithColon(zone: string): string {
  if (zone === "Z" || zone.includes(":")) return zone;
  return `${zone.slice(0, 3)}:${zone.length > 3 ? zone.slice(3) : "00"}`;
}
