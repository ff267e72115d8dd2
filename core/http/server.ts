/**
 * A small HTTP server on node:http for the status APIs: routes by exact path, JSON, streams of
 * lines, live events. Bodies of requests are not read: every route is a GET.
 *
 * A caller can cost little: connections, headers and idle time are bounded, a reply is made at the
 * pace at which its reader takes it, and what goes wrong is one rate-limited line in the log.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Clock, systemClock } from "../clock.ts";
import { messageOf, PenstockError } from "../errors.ts";
import { type Logger, RateLimitedLog } from "../log.ts";
import { deliver, type HttpReply, sendError } from "./reply.ts";

export type { HttpReply } from "./reply.ts";

export interface HttpRequest {
  path: string;
  query: URLSearchParams;
}

export type HttpRoute = (request: HttpRequest) => HttpReply | Promise<HttpReply>;

export interface HttpServerOptions {
  host: string;
  /** 0 lets the system pick. */
  port: number;
  /** By path, such as `/api/status`. */
  routes: Readonly<Record<string, HttpRoute>>;
  log: Logger;
  clock?: Clock;
  /** A reader that takes nothing for so long loses its connection. Default: one minute. */
  stallMs?: number;
}

/** A request that the caller got wrong: answered with 400 and this message. */
export class BadRequest extends Error {}

const CONNECTIONS_MAX = 256;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const STALL_MS_DEFAULT = 60_000;

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #log: RateLimitedLog;
  #server: Server | undefined;
  #refused = 0;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#log = new RateLimitedLog(options.log, options.clock ?? systemClock);
  }

  /** @throws PenstockError LISTEN_FAILED */
  async start(): Promise<void> {
    const { host, port, stallMs = STALL_MS_DEFAULT } = this.#options;
    const server = createServer((request, response) => void this.#serve(request, response));
    server.maxConnections = CONNECTIONS_MAX;
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    server.setTimeout(stallMs);
    server.on("drop", () => {
      this.#refused += 1;
    });
    await listen(server, host, port);
    server.on("error", (error) => {
      this.#log.warn("server", { err: messageOf(error) }, "HTTP server in trouble");
    });
    this.#server = server;
  }

  /** The port in use, once started. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** How many connections were refused because too many were open. */
  get refused(): number {
    return this.#refused;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      const url = request.url?.slice(0, 200);
      this.#log.warn("request", { err: messageOf(error), url }, "HTTP request failed");
      if (response.headersSent) response.destroy();
      else if (isStoreAway(error)) sendError(response, 503, "the database does not answer");
      else sendError(response, 500, "internal error");
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return sendError(response, 405, "only GET", { allow: "GET, HEAD" });
    }
    const url = URL.parse(request.url ?? "/", "http://localhost");
    if (!url) return sendError(response, 400, "malformed address");
    const { routes } = this.#options;
    const route = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
    if (!route) return sendError(response, 404, "not found");
    try {
      const reply = await route({ path: url.pathname, query: url.searchParams });
      await deliver(request, response, reply);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      sendError(response, 400, messageOf(error));
    }
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: Error): void => {
      const message = `cannot listen on ${host}:${port}: ${cause.message}`;
      reject(new PenstockError("LISTEN_FAILED", message, { cause, context: { host, port } }));
    };
    server.once("error", onError);
    server.listen(port, host, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

function isStoreAway(error: unknown): boolean {
  return error instanceof PenstockError && error.code === "STORE_FAILED";
}
