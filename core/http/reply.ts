/** What a route answers, and how it goes out: at the receiver's pace. */
import type { IncomingMessage, ServerResponse } from "node:http";

type Headers = Readonly<Record<string, string>>;

/** `lines` is sent one JSON document a line; `stream` hands the response over. */
export type HttpReply =
  | { kind: "json"; body: unknown; status?: number }
  | { kind: "text"; body: string; contentType: string; status?: number; headers?: Headers }
  | { kind: "lines"; items: AsyncIterable<unknown> | Iterable<unknown> }
  | { kind: "stream"; attach: (response: ServerResponse) => void };

export async function deliver(
  request: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
): Promise<void> {
  switch (reply.kind) {
    case "json":
      return sendJson(response, reply.status ?? 200, reply.body);
    case "text":
      return send(response, reply.status ?? 200, reply.contentType, reply.body, reply.headers);
    case "lines":
      if (request.method === "HEAD") return send(response, 200, "application/x-ndjson", "");
      return sendLines(response, reply.items);
    case "stream":
      if (request.method === "HEAD") return send(response, 200, "text/event-stream", "");
      // Whoever takes over bounds what waits for this reader; silence alone is no fault here.
      request.socket.setTimeout(0);
      return reply.attach(response);
  }
}

export function sendError(
  response: ServerResponse,
  status: number,
  error: string,
  headers: Headers = {},
): void {
  sendJson(response, status, { error }, headers);
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Headers = {},
): void {
  send(response, status, "application/json", JSON.stringify(body), headers);
}

function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Headers = {},
): void {
  response.writeHead(status, {
    "content-type": `${contentType}; charset=utf-8`,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(body);
}

async function sendLines(
  response: ServerResponse,
  items: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  for await (const item of items) {
    // Leaving the loop also ends the iterator, and with it the query behind it.
    if (response.destroyed) return;
    if (!response.write(`${JSON.stringify(item)}\n`)) await drained(response);
  }
  response.end();
}

/** Resolves when the receiver has taken what was written, or is gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.once("drain", done).once("close", done);
  });
}
