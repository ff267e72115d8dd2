/**
 * The database's keys: `state`; `segment/NNNNNNNNNNNNN`; `seen/NNNNNNNNNNNNN` (fingerprints of the
 * messages in that segment). Numbers have as many digits as keep them in order.
 */
const NUMBER_DIGITS = 13;

export const STATE_KEY = "state";
/** ":" follows "9". */
export const SEGMENTS_END = "segment/:";
export const SEEN_END = "seen/:";

export function segmentKey(number: number): string {
  return `segment/${String(number).padStart(NUMBER_DIGITS, "0")}`;
}

export function seenKey(number: number): string {
  return `seen/${String(number).padStart(NUMBER_DIGITS, "0")}`;
}

export function numberIn(key: string): number {
  return Number(key.slice(key.indexOf("/") + 1));
}
