/**
 * What a JSON value is as the value of a reading. Nothing is converted: text stays text ("12,5" is
 * no number), and a boolean is no 1. What cannot be kept as it is says so in its quality.
 */
import type { Quality, QualityReason, Value } from "#core/reading.ts";
import type { Json } from "./strict-json.ts";

export interface ReadingValue {
  value: Value;
  quality: Quality;
  reason?: QualityReason;
}

const NO_VALUE = "no value";
const NOT_FINITE = "not a number";
const INTEGER_TOO_LARGE = "integer beyond 2^53";
const TEXT_TOO_LONG = "text cut";

/** Characters of a text that are kept. */
const TEXT_MAX = 1024;

/** PostgreSQL cannot store NUL, nor any database half a surrogate pair. */
const UNSTORABLE = /\0/g;
const REPLACEMENT = "\uFFFD";

const GOOD = "good";

export type Scalar = null | boolean | number | bigint | string;

export function isScalar(json: Json): json is Scalar {
  return typeof json !== "object" || json === null;
}

export function toReadingValue(json: Scalar): ReadingValue {
  if (json === null) return { value: null, quality: "bad", reason: NO_VALUE };
  switch (typeof json) {
    case "number":
      // −0 and subnormal numbers are numbers.
      if (Number.isFinite(json)) return { value: json, quality: GOOD };
      return { value: null, quality: "bad", reason: NOT_FINITE };
    case "bigint":
      return { value: cut(json.toString()), quality: "uncertain", reason: INTEGER_TOO_LARGE };
    case "string":
      return toText(json);
    default:
      return { value: json, quality: GOOD };
  }
}

function toText(text: string): ReadingValue {
  const value = cut(text).toWellFormed().replace(UNSTORABLE, REPLACEMENT);
  if (text.length <= TEXT_MAX) return { value, quality: GOOD };
  return { value, quality: "uncertain", reason: TEXT_TOO_LONG };
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : text.slice(0, TEXT_MAX);
}
