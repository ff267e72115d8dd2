/** Reads a request's JSON, up to a limit. */
import type { IncomingMessage } from "node:http";
import { BadRequest } from "#core/http/server.ts";

const BODY_BYTES_MAX = 64 * 1024;

/**
 * The value in the body; undefined where there is none.
 * @throws BadRequest for one that is too long, or is not JSON
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw new BadRequest(`more than ${BODY_BYTES_MAX} bytes`);
    parts.push(part);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new BadRequest("the body is not JSON");
  }
}
