/** Options that are numbers. */
import { Misuse } from "./command.ts";

/** @throws Misuse */
export function numberIn(name: string, text: string, min: number, max: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= min && value <= max) return value;
  throw new Misuse(`--${name} ${text}: expected a number from ${min} to ${max}`);
}

/** @throws Misuse */
export function wholeIn(name: string, text: string, min: number, max: number): number {
  const value = numberIn(name, text, min, max);
  if (Number.isInteger(value)) return value;
  throw new Misuse(`--${name} ${text}: expected a whole number`);
}
