import { BadRequest } from "#core/http/server.ts";
import type { PageQuery } from "./value-pages.ts";

const SEARCH_LENGTH_MAX = 200;

/** @throws BadRequest */
export function pageQueryOf(
  query: URLSearchParams,
  limitDefault: number,
  limitMax: number,
): PageQuery {
  return {
    device: query.get("device") ?? undefined,
    search: query.get("search")?.slice(0, SEARCH_LENGTH_MAX),
    offset: wholeNumber(query, "offset", 0, Number.MAX_SAFE_INTEGER),
    limit: wholeNumber(query, "limit", limitDefault, limitMax),
  };
}

function wholeNumber(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) {
    throw new BadRequest(`${name} must be a whole number from 0 to ${max}`);
  }
  return value;
}
