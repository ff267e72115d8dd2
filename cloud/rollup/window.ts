/** Tumbling windows in event time, aligned to 1970-01-01T00:00Z: zones and daylight saving play no part. */

export type Width = "1m" | "5m" | "1h";

export const WIDTH_MS: Readonly<Record<Width, number>> = {
  "1m": 60_000,
  "5m": 300_000,
  "1h": 3_600_000,
};

export const MINUTE_MS = 60_000;

/** What a JavaScript date can hold: 271,821 BC to AD 275,760. Times beyond are refused at the door. */
export const TS_MAX = 8.64e15;

/** Start of the window that holds `ts`, in milliseconds since 1970. Never negative zero. */
export function windowStart(ts: number, widthMs: number): number {
  return Math.floor(ts / widthMs) * widthMs + 0;
}

export function isWidth(text: string): text is Width {
  return text === "1m" || text === "5m" || text === "1h";
}
