/** What stands in the address of a request. */
import { BadRequest } from "#core/http/server.ts";

const LIST_MAX = 1000;

/** A whole number from the query: times are milliseconds since 1970. */
export function numberOf(query: URLSearchParams, name: string, whenMissing: number): number {
  const text = query.get(name);
  if (text === null || text === "") return whenMissing;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new BadRequest(`${name} is a whole number`);
  return value;
}

/** How many items a list may have. */
export function limitOf(query: URLSearchParams): number {
  return Math.max(0, Math.min(LIST_MAX, numberOf(query, "limit", LIST_MAX)));
}
