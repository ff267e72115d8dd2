/** `/api/rollups`: rows as NDJSON, streamed at the reader's pace. */
import { BadRequest, type HttpReply, type HttpRequest } from "#core/http/server.ts";
import { isWidth } from "../rollup/window.ts";
import type { RollupQuery, Store } from "../store/contract.ts";
import { numberOf } from "./query.ts";

export function rollupReply(store: Store, { query }: HttpRequest): HttpReply {
  const limit = numberOf(query, "limit", Number.POSITIVE_INFINITY);
  return { kind: "lines", items: firstOf(store.rollups(rollupQuery(query)), limit) };
}

function rollupQuery(query: URLSearchParams): RollupQuery {
  const width = query.get("width") ?? "1m";
  if (!isWidth(width)) throw new BadRequest("width is 1m, 5m or 1h");
  const gateway = query.get("gateway");
  const device = query.get("device");
  const tag = query.get("tag");
  return {
    ...(gateway ? { gateway } : {}),
    ...(device ? { device } : {}),
    ...(tag ? { tag } : {}),
    width,
    fromMs: numberOf(query, "from", Number.MIN_SAFE_INTEGER),
    toMs: numberOf(query, "to", Number.MAX_SAFE_INTEGER),
  };
}

async function* firstOf<T>(items: AsyncIterable<T>, limit: number): AsyncGenerator<T, void, void> {
  let left = limit;
  for await (const item of items) {
    if (left <= 0) return;
    left -= 1;
    yield item;
  }
}
