/** Whole numbers that a double cannot hold: they keep their digits. */

const WHOLE = /^[+-]?\d+$/;

/**
 * More digits than of any value that is kept. To and from a bigint costs the square of their number: a
 * message of nothing else would hold up the agent for a third of a second.
 */
const DIGITS_MAX = 1100;

/** The number with all its digits, or the first of very many; undefined where a double does, or it is not whole. */
export function wideInteger(text: string, value: number): bigint | undefined {
  if (Number.isSafeInteger(value) || !WHOLE.test(text)) return undefined;
  return BigInt(text.replace(/^([+-]?)0+/, "$1").slice(0, DIGITS_MAX));
}
