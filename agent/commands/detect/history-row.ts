/** Which fields of a CSV are the time, the tag and the value, and how a time may be written. */

export interface HistoryColumns {
  readonly timestamp: number;
  readonly value: number;
  /** Left out where all rows are of one series. */
  readonly tag?: number;
}

/** By the names in a header; undefined where the fields are not a header. */
export function columnsOf(fields: readonly string[]): HistoryColumns | undefined {
  const names = fields.map((field) => field.toLowerCase());
  const value = names.indexOf("value");
  const timestamp = names.findIndex((name) => TIME_NAMES.has(name));
  if (value < 0 || timestamp < 0) return undefined;
  const tag = names.indexOf("tag");
  return tag < 0 ? { timestamp, value } : { timestamp, value, tag };
}

/** Without a header: time and value, or time, tag and value. */
export function columnsByCount(fields: readonly string[]): HistoryColumns {
  return fields.length > 2 ? { timestamp: 0, tag: 1, value: 2 } : { timestamp: 0, value: 1 };
}

const TIME_NAMES = new Set(["timestamp", "time", "datetime", "ts"]);

/** Numbers below this are seconds since 1970, others milliseconds: it is the year 5138 in seconds. */
const SECONDS_BELOW = 1e11;

const ISO_DATE = /^\d{4}-\d\d-\d\d(?:[T ]|$)/;

/** `2026-11-21 10:00:00`, with T and zone or without (then UTC), or a number; NaN where none. */
export function timeOf(text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    return Math.abs(number) < SECONDS_BELOW ? number * 1000 : number;
  }
  // Whatever else the parser understands, it takes for local time.
  if (!ISO_DATE.test(text)) return Number.NaN;
  const iso = text.replace(" ", "T");
  return Date.parse(/T.*(Z|[+-]\d\d:?\d\d)$/.test(iso) || !iso.includes("T") ? iso : `${iso}Z`);
}

/** NaN for anything that is not written as a decimal number. */
export function numberOf(text: string): number {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}
