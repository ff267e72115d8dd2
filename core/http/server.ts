/**
 * A small HTTP server on node:http for the status APIs: routes by exact path, JSON, streams of
 * lines, live events. Bodies of requests are not read: every route is a GET.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf, PenstockError } from "../errors.ts";
import type { Logger } from "../log.ts";

export interface HttpRequest {
  path: string;
  query: URLSearchParams;
}

/** What a route answers. `lines` is sent one JSON document a line, at the receiver's pace. */
export type HttpReply =
  | { kind: "json"; body: unknown; status?: number }
  | { kind: "text"; body: string; contentType: string; status?: number }
  | { kind: "lines"; items: AsyncIterable<unknown> | Iterable<unknown> }
  | { kind: "stream"; attach: (response: ServerResponse) => void };

export type HttpRoute = (request: HttpRequest) => HttpReply | Promise<HttpReply>;

export interface HttpServerOptions {
  host: string;
  /** 0 lets the system pick. */
  port: number;
  /** By path, such as `/api/status`. */
  routes: Readonly<Record<string, HttpRoute>>;
  log: Logger;
}

/** A request that the caller got wrong: answered with 400 and this message. */
export class BadRequest extends Error {}

const CONNECTIONS_MAX = 256;
const HEADERS_TIMEOUT_MS = 10_000;

export class HttpServer {
  readonly #options: HttpServerOptions;
  #server: Server | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
  }

  /** @throws PenstockError LISTEN_FAILED */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    const server = createServer((request, response) => void this.#serve(request, response));
    server.maxConnections = CONNECTIONS_MAX;
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => {
        const message = `cannot listen on ${host}:${port}: ${cause.message}`;
        reject(new PenstockError("LISTEN_FAILED", message, { cause, context: { host, port } }));
      });
      server.listen(port, host, resolve);
    });
    this.#server = server;
  }

  /** The port in use, once started. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      this.#options.log.error({ err: error, url: request.url }, "request failed");
      if (response.headersSent) response.destroy();
      else send(response, 500, "application/json", JSON.stringify({ error: "internal error" }));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const route = this.#options.routes[url.pathname];
    if (request.method !== "GET" && request.method !== "HEAD") {
      return send(response, 405, "application/json", JSON.stringify({ error: "only GET" }));
    }
    if (!route) {
      return send(response, 404, "application/json", JSON.stringify({ error: "not found" }));
    }
    let reply: HttpReply;
    try {
      reply = await route({ path: url.pathname, query: url.searchParams });
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      return send(response, 400, "application/json", JSON.stringify({ error: messageOf(error) }));
    }
    await deliver(response, reply);
  }
}

async function deliver(response: ServerResponse, reply: HttpReply): Promise<void> {
  switch (reply.kind) {
    case "json":
      return send(response, reply.status ?? 200, "application/json", JSON.stringify(reply.body));
    case "text":
      return send(response, reply.status ?? 200, reply.contentType, reply.body);
    case "lines":
      return sendLines(response, reply.items);
    case "stream":
      return reply.attach(response);
  }
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    "content-type": `${contentType}; charset=utf-8`,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

async function sendLines(
  response: ServerResponse,
  items: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  for await (const item of items) {
    if (response.destroyed) return;
    if (!response.write(`${JSON.stringify(item)}\n`)) await drained(response);
  }
  response.end();
}

async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.once("drain", done).once("close", done);
  });
}
