/** The fingerprints of a segment's messages, stored under its number: the time, then one by one. */
import { FINGERPRINT_BYTES } from "./fingerprint-window.ts";

export const SEEN_TIME_BYTES = 8;

export function isSeenRecord(bytes: Buffer): boolean {
  const prints = bytes.length - SEEN_TIME_BYTES;
  return prints > 0 && prints % FINGERPRINT_BYTES === 0;
}
