/** How values and series are written in messages for people on the shop floor. */
import type { Subject } from "./finding.ts";

const SIGNIFICANT_DIGITS = 6;

/** A value as a person writes it: six significant digits, no trailing zeros, with its unit. */
export function amount(value: number, subject: Subject): string {
  const digits = String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
  return subject.unit === undefined ? digits : `${digits} ${subject.unit}`;
}

export function nameOf(subject: Subject): string {
  return `${subject.device} ${subject.tag}`;
}
