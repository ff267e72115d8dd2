/** A value as notices show it beside an alarm. */

const SIGNIFICANT_DIGITS = 6;
const TEXT_LENGTH_MAX = 100;

export function valueText(value: number | boolean | string): string {
  if (typeof value === "number") return String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
  return String(value).slice(0, TEXT_LENGTH_MAX);
}
