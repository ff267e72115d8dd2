/** The broker's port, plain or TLS. Connections beyond the limit are closed at once. */
import { createServer, type Server, type ServerOpts, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { BrokerSettings } from "#config/gateway/mqtt.ts";
import { messageOf, PenstockError } from "#core/errors.ts";
import { connectionsAllowed } from "./open-files.ts";
import { readTlsFolder } from "./tls-folder.ts";

export interface ListenerEvents {
  connected(socket: Socket): void;
  /** There are too many clients. */
  dropped(): void;
  /** A TLS handshake failed, and its connection is closed. */
  handshakeFailed(reason: string): void;
}

const BACKLOG = 1024;
const SOCKET_OPTIONS: ServerOpts = {
  // A PUBACK must not wait for the next packet (Nagle), nor a dead peer stay for ever.
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};

export class Listener {
  readonly #settings: BrokerSettings;
  readonly #events: ListenerEvents;
  #server: Server | undefined;

  constructor(settings: BrokerSettings, events: ListenerEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** 0 while it does not listen. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  /** `maxClients`, or what the system lets this process open, if that is less. */
  get maxConnections(): number {
    return Math.min(this.#settings.maxClients, connectionsAllowed());
  }

  /** @throws PenstockError LISTEN_FAILED: the address, or a file of the TLS folder */
  async start(): Promise<void> {
    const server = this.#create();
    this.#server = server;
    server.maxConnections = this.maxConnections;
    server.on("drop", () => this.#events.dropped());
    const { host, port } = this.#settings.listen;
    await new Promise<void>((resolve, reject) => {
      const onError = (cause: Error): void => {
        const message = `the MQTT broker cannot listen on ${host}:${port}: ${messageOf(cause)}`;
        reject(new PenstockError("LISTEN_FAILED", message, { cause, context: { host, port } }));
      };
      server.once("error", onError);
      server.listen({ host, port, backlog: BACKLOG }, () => {
        server.off("error", onError);
        resolve();
      });
    });
  }

  /** Takes no more connections; those that there are stay. */
  stop(): void {
    this.#server?.close();
  }

  #create(): Server {
    const { tls, connectTimeout } = this.#settings;
    const onConnection = (socket: Socket): void => this.#events.connected(socket);
    if (tls === undefined) return createServer(SOCKET_OPTIONS, onConnection);
    const options = { ...SOCKET_OPTIONS, ...tlsOptions(tls), handshakeTimeout: connectTimeout };
    const server = createSecure(tls, options, onConnection);
    server.on("tlsClientError", (error) => this.#events.handshakeFailed(messageOf(error)));
    return server;
  }
}

/** What is no certificate, or no key of it, shows itself here. */
function createSecure(folder: string, ...parts: Parameters<typeof createTlsServer>): Server {
  try {
    return createTlsServer(...parts);
  } catch (error) {
    throw unreadable(folder, `the files in ${folder} are no pair: ${messageOf(error)}`, error);
  }
}

function tlsOptions(folder: string): TlsOptions {
  const { ca, cert, key } = readFiles(folder);
  if (!cert || !key) {
    const path = `${folder}/${cert ? "key" : "cert"}.pem`;
    throw unreadable(path, `there is no ${path}`);
  }
  return { cert, key, ...(ca && { ca, requestCert: true, rejectUnauthorized: true }) };
}

function readFiles(folder: string): ReturnType<typeof readTlsFolder> {
  try {
    return readTlsFolder(folder);
  } catch (error) {
    throw unreadable(folder, messageOf(error), error);
  }
}

function unreadable(path: string, reason: string, cause?: unknown): PenstockError {
  const message = `the MQTT broker cannot start with TLS: ${reason}`;
  return new PenstockError("LISTEN_FAILED", message, { cause, context: { path } });
}
