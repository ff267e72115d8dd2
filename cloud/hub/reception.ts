/**
 * Takes clients in: listens, tells AMQP from WebSockets, and gives each client its connection.
 *
 * Invariant: clients are bounded, and those that have not logged in more tightly, whichever way they
 * come and however far they have got.
 */
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "#core/clock.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { AccessKeys } from "./access/access-keys.ts";
import { Connection, type ConnectionLimits, type EndKind } from "./connection/connection.ts";
import { FirstByte } from "./connection/first-byte.ts";
import { WebSockets } from "./connection/web-sockets.ts";
import type { HubCounters } from "./hub-counters.ts";
import type { LinkOpener } from "./links/link.ts";
import { Listener, type TlsFiles } from "./listener.ts";

export interface ReceptionLimits extends ConnectionLimits {
  connections: number;
  connectionsBeforeLogin: number;
}

export interface ReceptionOptions {
  clock: Clock;
  log: Logger;
  host: string;
  /** 0 lets the system choose. */
  port: number;
  tls: TlsFiles | undefined;
  limits: Partial<ReceptionLimits>;
  counters: HubCounters;
}

const DEFAULT_LIMITS: ReceptionLimits = {
  connections: 5000,
  connectionsBeforeLogin: 1000,
  // A batch of the largest size comes in one frame, so that it need not be put together.
  frameBytesMax: 1024 * 1024 + 64 * 1024,
  frameBytesMaxBeforeLogin: 16 * 1024,
  unsentBytesMax: 4 * 1024 * 1024,
  handshakeTimeoutMs: 15_000,
  loginTimeoutMs: 60_000,
  idleTimeoutMs: 240_000,
  bytesMaxBeforeLogin: 64 * 1024,
  unfinishedBytesMax: 32 * 1024 * 1024,
};

export class Reception {
  readonly #options: ReceptionOptions;
  readonly #limits: ReceptionLimits;
  readonly #warnings: RateLimitedLog;
  readonly #listener: Listener;
  readonly #firstByte: FirstByte;
  readonly #webSockets: WebSockets;
  readonly #connections = new Set<Connection>();
  readonly #containerId = `penstock-hub-${randomUUID()}`;
  #inside: { keys: AccessKeys; openLink: LinkOpener } | undefined;
  #connectionNumber = 0;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#warnings = new RateLimitedLog(options.log, options.clock);
    const { clock, host, port, tls } = options;
    const timeoutMs = this.#limits.handshakeTimeoutMs;
    this.#listener = new Listener({ host, port, tls, accept: (socket) => this.#accept(socket) });
    this.#webSockets = new WebSockets({
      clock,
      timeoutMs,
      accept: (stream, socket) => this.#connect(stream, socket),
    });
    this.#firstByte = new FirstByte({
      clock,
      timeoutMs,
      amqp: (socket) => this.#connect(socket, socket),
      http: (socket) => this.#webSockets.take(socket),
    });
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Clients that have not begun to speak AMQP. */
  get waiting(): number {
    return this.#firstByte.waiting + this.#webSockets.waiting;
  }

  /** Gives the port; throws `LISTEN_FAILED`. */
  async start(keys: AccessKeys, openLink: LinkOpener): Promise<number> {
    this.#inside = { keys, openLink };
    return this.#listener.start();
  }

  /** Takes nobody in any more; resolves when the last one is gone. */
  async close(): Promise<void> {
    this.#firstByte.stop();
    this.#webSockets.stop();
    await this.#listener.stop();
  }

  /** Sends everybody away. */
  dismiss(): void {
    for (const connection of this.#connections) {
      connection.close({
        condition: "amqp:connection:forced",
        description: "The hub is shutting down.",
      });
    }
  }

  #accept(socket: Socket): void {
    if (this.#isFull()) {
      this.#options.counters.connectionsRefused += 1;
      this.#warnings.warn("full", {}, "A connection was refused: there are too many.");
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    this.#options.counters.connections += 1;
    this.#firstByte.await(socket);
  }

  #isFull(): boolean {
    const { connections, connectionsBeforeLogin } = this.#limits;
    let strangers = this.waiting;
    const inAll = this.#connections.size + strangers;
    if (inAll < connectionsBeforeLogin) return false;
    if (inAll >= connections) return true;
    for (const connection of this.#connections) if (!connection.isLoggedIn) strangers += 1;
    return strangers >= connectionsBeforeLogin;
  }

  /** Serves the AMQP that comes through `stream`; `socket` is what carries it. */
  #connect(stream: Duplex, socket: Socket): Connection {
    if (!this.#inside) throw new Error("a client came in before the start");
    const connection = new Connection({
      id: `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}#${this.#connectionNumber++}`,
      containerId: this.#containerId,
      socket: stream,
      clock: this.#options.clock,
      limits: this.#limits,
      ...this.#inside,
      gone: (gone, kind, reason) => this.#gone(gone, kind, reason),
    });
    this.#connections.add(connection);
    connection.start();
    return connection;
  }

  #gone(connection: Connection, kind: EndKind, reason: string): void {
    const { counters, log } = this.#options;
    this.#connections.delete(connection);
    const fields = { connection: connection.id, reason };
    if (kind === "protocol") {
      counters.protocolErrors += 1;
      this.#warnings.warn("protocol", fields, "A client was cut off.");
    } else if (kind === "error") {
      counters.internalErrors += 1;
      this.#warnings.warn("internal", fields, "A connection ended because of a fault of the hub.");
    } else log.debug(fields, "A client is gone.");
  }
}
