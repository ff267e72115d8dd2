/** How values, times and series are written in messages for people on the shop floor. */
import type { Subject } from "./finding.ts";

const SIGNIFICANT_DIGITS = 6;

/** A value as a person writes it: six significant digits, no trailing zeros, with its unit. */
export function amount(value: number, { unit }: Subject): string {
  const digits = String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
  return unit === undefined || unit === "" ? digits : `${digits} ${unit}`;
}

export function nameOf(subject: Subject): string {
  return `${subject.device} ${subject.tag}`;
}

const UNITS: readonly [ms: number, unit: string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

/** In its two greatest units: `4 min 10 s`. */
export function lasting(durationMs: number): string {
  let restMs = durationMs;
  const parts = UNITS.flatMap(([ms, unit]) => {
    const count = Math.floor(restMs / ms);
    restMs -= count * ms;
    return count > 0 ? [`${count} ${unit}`] : [];
  });
  return parts.slice(0, 2).join(" ") || `${Math.round(durationMs)} ms`;
}

/** `2026-11-21 10:00:00 UTC`. */
export function moment(ts: number): string {
  const date = new Date(ts);
  if (Number.isNaN(date.getTime())) return "an unknown time";
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
