/**
 * The hub's own door: HTTP on a Unix socket in the data folder, open to whoever may read that folder.
 * `GET /stat` tells how it stands; `POST /fault/NAME?…` lets something go wrong on purpose.
 */
import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { messageOf } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";
import { applyFault } from "./fault-request.ts";
import type { Hub } from "./hub.ts";
import { statOf } from "./hub-stat.ts";

/** Longer paths cannot be bound (sockaddr_un has 108 bytes on Linux). */
const SOCKET_PATH_BYTES_MAX = 107;
const CONNECTIONS_MAX = 16;

export function adminSocketPath(dataDir: string): string {
  return join(dataDir, "hub.sock");
}

export class AdminSocket {
  readonly #hub: Hub;
  readonly #path: string;
  readonly #log: Logger;
  #server: Server | undefined;

  constructor(hub: Hub, dataDir: string, log: Logger) {
    this.#hub = hub;
    this.#path = adminSocketPath(dataDir);
    this.#log = log;
  }

  /** Without it the hub works all the same, so a failure is a warning. */
  async start(): Promise<void> {
    if (Buffer.byteLength(this.#path) > SOCKET_PATH_BYTES_MAX) {
      this.#log.warn({ path: this.#path }, "No admin socket: the data folder's path is too long.");
      return;
    }
    // Left behind by a hub that was killed; the log's lock says that none runs any more.
    rmSync(this.#path, { force: true });
    const server = createServer((request, response) => this.#serve(request, response));
    server.maxConnections = CONNECTIONS_MAX;
    await new Promise<void>((resolve) => {
      server.once("error", (error) => {
        this.#log.warn({ path: this.#path, error: messageOf(error) }, "No admin socket.");
        resolve();
      });
      server.listen(this.#path, resolve);
    });
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = URL.parse(request.url ?? "/", "http://hub");
    try {
      if (request.method === "GET" && url?.pathname === "/stat") {
        response.end(JSON.stringify(statOf(this.#hub)));
      } else if (request.method === "POST" && url?.pathname.startsWith("/fault/")) {
        const problem = applyFault(
          this.#hub,
          url.pathname.slice("/fault/".length),
          url.searchParams,
        );
        response.writeHead(problem === undefined ? 200 : 400).end(problem ?? "done");
      } else response.writeHead(404).end("unknown path");
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, "An admin request failed.");
      response.writeHead(500).end(messageOf(error));
    }
  }
}
