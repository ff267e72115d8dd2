/**
 * The agent's own door for commands on the same machine: HTTP with JSON on a Unix socket beside the
 * buffer. Whoever may write to the socket, its owner and its group, may command the agent; nobody
 * else can connect. Connections, bodies and time are bounded.
 *
 * It is opened when the buffer's lock is held: a socket that lies there is then a dead agent's.
 */
import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { dirname } from "node:path";
import type { Clock } from "#core/clock.ts";
import { messageOf, PenstockError } from "#core/errors.ts";
import { makeFolder } from "#core/folder.ts";
import { deliver, type HttpReply, sendError } from "#core/http/reply.ts";
import { BadRequest } from "#core/http/server.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import { SOCKET_PATH_BYTES_MAX } from "./control-path.ts";
import { readBody } from "./request-body.ts";

export interface ControlRequest {
  readonly query: URLSearchParams;
  /** What the body holds as JSON; undefined where there is none. */
  readonly body: unknown;
  /** Fires when the caller is gone. */
  readonly signal: AbortSignal;
}

/** A PenstockError that it throws reaches the caller as such. */
export type ControlRoute = (request: ControlRequest) => HttpReply | Promise<HttpReply>;

/** By method and path: `GET /status`. */
export type ControlRoutes = Readonly<Record<string, ControlRoute>>;

export interface ControlServerOptions {
  path: string;
  routes: ControlRoutes;
  clock: Clock;
  log: Logger;
}

const CONNECTIONS_MAX = 32;
const HEADERS_TIMEOUT_MS = 5000;

/** Nothing for others: the socket's owner and its group only. */
const UMASK = 0o117;

export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #log: RateLimitedLog;
  #server: Server | undefined;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#log = new RateLimitedLog(options.log, options.clock);
  }

  /** Without it the agent works all the same, so a failure is a warning. */
  async start(): Promise<void> {
    const { path, log } = this.#options;
    if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
      log.warn({ path }, "commands cannot reach this agent: the path of its buffer is too long");
      return;
    }
    const server = createServer((request, response) => void this.#serve(request, response));
    server.maxConnections = CONNECTIONS_MAX;
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    try {
      makeFolder(dirname(path));
      rmSync(path, { force: true });
      await listen(server, path);
      server.on("error", (error) => {
        this.#log.warn("server", { err: messageOf(error) }, "control socket in trouble");
      });
      this.#server = server;
    } catch (error) {
      log.warn({ path, err: messageOf(error) }, "commands cannot reach this agent");
    }
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
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      await deliver(request, response, await this.#answer(request, gone.signal));
    } catch (error) {
      if (gone.signal.aborted) return;
      if (response.headersSent) response.destroy();
      else this.#refuse(response, error);
    }
  }

  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<HttpReply> {
    const url = URL.parse(request.url ?? "/", "http://agent");
    const name = `${request.method} ${url?.pathname}`;
    const { routes } = this.#options;
    const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (!url || !route) return { kind: "json", status: 404, body: { error: `no route ${name}` } };
    return await route({ query: url.searchParams, body: await readBody(request), signal });
  }

  #refuse(response: ServerResponse, error: unknown): void {
    if (error instanceof BadRequest) return sendError(response, 400, error.message);
    if (error instanceof PenstockError) {
      return sendError(response, 422, error.message, { "x-penstock-code": error.code });
    }
    this.#log.warn("request", { err: messageOf(error) }, "a command failed unexpectedly");
    sendError(response, 500, `the agent failed: ${messageOf(error)}`);
  }
}

/** The mask is the process's, but the socket is made before `listen` returns. */
async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const before = process.umask(UMASK);
    try {
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}
