/** A listening socket, plain or TLS. */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { messageOf, PenstockError } from "#core/errors.ts";

export interface TlsFiles {
  /** PEM. */
  key: string | Buffer;
  cert: string | Buffer;
}

export interface ListenerOptions {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  tls: TlsFiles | undefined;
  accept: (socket: Socket) => void;
}

/** TLS handshakes that take longer are cut off. */
const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;

/** Connections that may wait to be accepted: a storm of reconnecting clients must not be dropped. */
const BACKLOG = 4096;

export class Listener {
  readonly #options: ListenerOptions;
  #server: Server | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Gives the port; throws `LISTEN_FAILED`. */
  async start(): Promise<number> {
    const { host, port, tls, accept } = this.#options;
    const server = tls
      ? createTlsServer({ ...tls, handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS }, accept)
      : createServer(accept);
    // A failed handshake ends its own socket; there is nothing to do for the hub.
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve, reject) => {
      server.once("listening", resolve);
      server.once("error", (cause) => {
        const message = `The hub cannot listen on ${host}:${port}: ${messageOf(cause)}.`;
        reject(new PenstockError("LISTEN_FAILED", message, { context: { host, port }, cause }));
      });
      server.listen({ port, host, backlog: BACKLOG });
    });
    this.#server = server;
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("no TCP address");
    return address.port;
  }

  /** Takes no more; resolves when the last accepted socket is closed. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }
}
