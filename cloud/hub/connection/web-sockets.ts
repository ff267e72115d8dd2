/**
 * AMQP inside a WebSocket, as Event Hubs serves it (`wss://HOST/$servicebus/websocket`, subprotocol
 * AMQPWSB10): after the upgrade the messages' bytes are one AMQP stream, however they are cut.
 *
 * Invariants: nothing but the upgrade is served; a message is at most MESSAGE_BYTES_MAX, and a client
 * that has not logged in may send STRANGER_BYTES_MAX in all, since `ws` keeps a message until it is
 * complete.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "#core/clock.ts";

const PATH = /^\/\$servicebus\/websocket\/?(?:\?|$)/i;
/** The service's own name for it first, the standard's second. */
const SUBPROTOCOLS = ["AMQPWSB10", "amqp"] as const;
const MESSAGE_BYTES_MAX = 1024 * 1024;
const STRANGER_BYTES_MAX = 64 * 1024;
const HEADER_BYTES_MAX = 8 * 1024;

export interface WebSocketsOptions {
  clock: Clock;
  /** An upgrade that takes longer is cut off. */
  timeoutMs: number;
  /** Serves the AMQP stream; tells whether its client has logged in. */
  accept: (stream: Duplex, socket: Socket) => { readonly isLoggedIn: boolean };
}

export class WebSockets {
  readonly #options: WebSocketsOptions;
  readonly #http: Server;
  readonly #upgrades: WebSocketServer;
  readonly #waiting = new Set<Socket>();

  constructor(options: WebSocketsOptions) {
    this.#options = options;
    this.#http = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (_request, response) => {
      response.writeHead(426, { connection: "close", upgrade: "websocket" });
      response.end("This port speaks AMQP, plain or inside a WebSocket.\n");
    });
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_MAX,
      handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
    });
  }

  /** Clients whose upgrade is under way. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes over a socket on which a client speaks HTTP. */
  take(socket: Socket): void {
    const { clock, timeoutMs } = this.#options;
    this.#waiting.add(socket);
    const cut = clock.after("hub upgrade", timeoutMs, () => socket.destroy());
    socket.once("close", () => {
      cut.cancel();
      this.#waiting.delete(socket);
    });
    this.#http.emit("connection", socket);
  }

  /** Cuts off those whose upgrade is under way. */
  stop(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #upgrade(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    const { socket } = request;
    duplex.on("error", () => duplex.destroy());
    if (!PATH.test(request.url ?? "")) {
      duplex.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    this.#upgrades.handleUpgrade(request, duplex, head, (webSocket) => {
      this.#waiting.delete(socket);
      this.#open(webSocket, socket);
    });
  }

  #open(webSocket: WebSocket, socket: Socket): void {
    const client = this.#options.accept(createWebSocketStream(webSocket), socket);
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (client.isLoggedIn) socket.off("data", count);
      else if (bytes > STRANGER_BYTES_MAX) webSocket.terminate();
    };
    socket.on("data", count);
  }
}
