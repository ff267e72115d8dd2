/** Options that are durations, with their unit as in the configuration. */
import { duration } from "../units.ts";
import { Misuse } from "./command.ts";

/** @throws Misuse for what is no duration */
export function durationIn(text: string | undefined, option: string): number {
  if (text === undefined) throw new Misuse(`--${option} is needed, such as --${option} 2h`);
  const parsed = duration.safeParse(text);
  if (parsed.success && parsed.data > 0) return parsed.data;
  throw new Misuse(`--${option} is a duration such as 30m or 2h: not "${text}"`);
}

export interface MillisecondsRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Short times are milliseconds where they have no unit.
 * @throws Misuse
 */
export function millisecondsIn(
  text: string,
  option: string,
  { min, max }: MillisecondsRange,
): number {
  const parsed = duration.safeParse(/^[\d.]+$/.test(text) ? `${text}ms` : text);
  if (parsed.success && parsed.data >= min && parsed.data <= max) return parsed.data;
  throw new Misuse(`--${option} ${text}: expected ${min} to ${max} milliseconds`);
}
