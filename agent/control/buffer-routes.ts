/** What a command may ask of the running agent's buffer. */
import type { BufferDesk } from "#agent/buffer/contract.ts";
import { BadRequest } from "#core/http/server.ts";
import type { ControlRoutes } from "./control-server.ts";

export function bufferRoutes(buffer: BufferDesk): ControlRoutes {
  return {
    "GET /buffer": () => ({ kind: "json", body: buffer.stat() }),
    "GET /buffer/segments": ({ query }) => ({
      kind: "lines",
      items: buffer.segments(limitIn(query)),
    }),
    "GET /buffer/readings": () => ({ kind: "lines", items: buffer.readings() }),
    "POST /buffer/drop": async () => ({ kind: "json", body: await buffer.drop() }),
  };
}

function limitIn(query: URLSearchParams): number {
  const limit = Number(query.get("limit"));
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new BadRequest("limit is a whole number from 1");
}
