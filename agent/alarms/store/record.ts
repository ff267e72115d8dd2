/**
 * How the alarms lie in their database: JSON behind a checksum of its own, because LevelDB can give
 * wrong bytes without an error.
 *
 *   s/KEY        an alarm's state
 *   m/ID         a maintenance window
 *   o/ID         a notice on its way
 *   j/NUMBER     an entry of the journal, sixteen digits
 */
import { crc32 } from "node:zlib";

const CHECKSUM_LENGTH = 8;
const JOURNAL_DIGITS = 16;

/** Everything but the journal lies behind it. */
export const KEPT_START = "m/";
export const JOURNAL_START = "j/";
export const JOURNAL_END = "j0";

export function journalKey(id: number): string {
  return `${JOURNAL_START}${String(id).padStart(JOURNAL_DIGITS, "0")}`;
}

export function journalIdOf(key: string): number {
  return Number(key.slice(JOURNAL_START.length));
}

export function encodeRecord(value: unknown): string {
  const json = JSON.stringify(value);
  return checksumOf(json) + json;
}

/** Undefined for what was not written like this. */
export function decodeRecord(text: string): { value: unknown } | undefined {
  const json = text.slice(CHECKSUM_LENGTH);
  if (text.slice(0, CHECKSUM_LENGTH) !== checksumOf(json)) return undefined;
  return { value: JSON.parse(json) };
}

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(CHECKSUM_LENGTH, "0");
}
