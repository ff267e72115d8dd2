/**
 * JSON as strictly as a gateway must read it. Beyond what `JSON.parse` refuses: malformed UTF-8, a
 * byte order mark, more than 32 levels, duplicate keys and `__proto__`. Beyond what it keeps: whole
 * numbers outside ±(2⁵³ − 1) come out as bigint, with all their digits. A bare NaN or Infinity
 * comes out as Infinity, as 1e999 does: the caller makes a bad reading of it.
 */
import { messageOf, PenstockError } from "#core/errors.ts";
import { countMembers, withoutBareNaN } from "./scan.ts";
import { wideInteger } from "./whole-number.ts";

export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws PenstockError PAYLOAD_MALFORMED */
export function decodeUtf8(payload: Uint8Array): string {
  try {
    return decoder.decode(payload);
  } catch (error) {
    throw new PenstockError("PAYLOAD_MALFORMED", "not UTF-8", { cause: error });
  }
}

/** @throws PenstockError PAYLOAD_MALFORMED */
export function parseStrictJson(text: string): Json {
  const members = countMembers(text);
  const [json, parsed] = parse(text);
  const census = { members: 0, hasLargeNumber: false };
  count(json, census);
  if (census.members !== members) throw malformed("a key stands twice in one object");
  return census.hasLargeNumber ? withAllDigits(parsed) : json;
}

/** The value, and the text that it was parsed from. */
function parse(text: string): [Json, string] {
  try {
    return [JSON.parse(text), text];
  } catch (error) {
    const finite = withoutBareNaN(text);
    if (finite === undefined) throw malformed(describe(text, error), error);
    try {
      return [JSON.parse(finite), finite];
    } catch {
      throw malformed(describe(text, error), error);
    }
  }
}

interface Census {
  members: number;
  hasLargeNumber: boolean;
}

/** Cannot run deep: the scan has counted the levels. */
function count(json: Json, census: Census): void {
  if (typeof json === "number") {
    if (Math.abs(json) > Number.MAX_SAFE_INTEGER) census.hasLargeNumber = true;
  } else if (typeof json === "object" && json !== null) {
    if (Array.isArray(json)) for (const item of json) count(item, census);
    else countObject(json, census);
  }
}

function countObject(object: { [key: string]: Json }, census: Census): void {
  // Own keys only: nothing on Object.prototype is enumerable.
  for (const key in object) {
    if (key === "__proto__") throw malformed("the key __proto__ is not allowed");
    census.members += 1;
    const value = object[key];
    if (typeof value === "number") {
      if (Math.abs(value) > Number.MAX_SAFE_INTEGER) census.hasLargeNumber = true;
    } else if (value !== undefined) {
      count(value, census);
    }
  }
}

/** A second pass with the text of each number: rare enough to be allowed its price. */
function withAllDigits(text: string): Json {
  return JSON.parse(text, (_key, value: Json, context?: { source?: string }) => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined) return value;
    return wideInteger(source, value) ?? value;
  });
}

function describe(text: string, error: unknown): string {
  if (text === "") return "empty";
  if (text.startsWith("\uFEFF")) return "begins with a byte order mark";
  return messageOf(error);
}

function malformed(message: string, cause?: unknown): PenstockError {
  return new PenstockError("PAYLOAD_MALFORMED", message, cause === undefined ? {} : { cause });
}
