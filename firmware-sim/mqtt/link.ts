/**
 * One TCP connection to a broker, from CONNECT to its end; never reused. Deadlines are checked by
 * `tick`, so that many links share one timer.
 */
import { connect, type Socket } from "node:net";
import { generate, type Packet, parser } from "mqtt-packet";
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";

export interface LinkSettings {
  host: string;
  port: number;
  clientId: string;
  /** The broker must answer TCP and CONNECT within this time. */
  connectTimeoutMs: number;
  /** A PINGREQ goes this often; an answer that is missing for as long ends the link. */
  keepAliveMs: number;
}

export interface LinkEvents {
  online(): void;
  acknowledged(messageId: number): void;
  /** The socket takes bytes again. */
  drained(): void;
  closed(reason: string): void;
}

const PINGREQ = generate({ cmd: "pingreq" });
const DISCONNECT = generate({ cmd: "disconnect" });

/** Unsent bytes a socket may hold before the link says that it is congested. */
const UNSENT_BYTES_MAX = 256 * 1024;

export class MqttLink {
  readonly #settings: LinkSettings;
  readonly #events: LinkEvents;
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #openedAtMs: number;
  #isOnline = false;
  #isCorked = false;
  #reason = "closed by the broker";
  #pingAtMs = Number.POSITIVE_INFINITY;
  #pongBeforeMs = Number.POSITIVE_INFINITY;

  /** Connects at once. */
  constructor(settings: LinkSettings, events: LinkEvents, clock: Clock) {
    this.#settings = settings;
    this.#events = events;
    this.#clock = clock;
    this.#openedAtMs = clock.monotonic();
    this.#socket = connect({ host: settings.host, port: settings.port, noDelay: true });
    this.#listen();
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  get isCongested(): boolean {
    return this.#socket.writableLength > UNSENT_BYTES_MAX;
  }

  /** Bytes go out together at the next `flush`. */
  write(packet: Buffer): void {
    if (!this.#isCorked) {
      this.#socket.cork();
      this.#isCorked = true;
    }
    this.#socket.write(packet);
  }

  flush(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#socket.uncork();
  }

  /** Checks the deadlines; `nowMs` on the monotonic scale. */
  tick(nowMs: number): void {
    const { connectTimeoutMs, keepAliveMs } = this.#settings;
    if (!this.#isOnline) {
      if (nowMs - this.#openedAtMs > connectTimeoutMs) this.destroy("no CONNACK in time");
      return;
    }
    if (nowMs >= this.#pongBeforeMs) {
      this.destroy("no PINGRESP in time");
    } else if (nowMs >= this.#pingAtMs) {
      this.#socket.write(PINGREQ);
      this.#pongBeforeMs = nowMs + keepAliveMs;
      this.#pingAtMs = Number.POSITIVE_INFINITY;
    }
  }

  /** Says DISCONNECT and lets what is written go out. */
  end(): void {
    this.#reason = "ended by the device";
    this.flush();
    if (this.#isOnline) this.#socket.write(DISCONNECT);
    this.#socket.end();
  }

  destroy(reason: string): void {
    this.#reason = reason;
    this.#socket.destroy();
  }

  #listen(): void {
    const { clientId, keepAliveMs } = this.#settings;
    const incoming = parser({ protocolVersion: 4 });
    incoming.on("packet", (packet) => this.#receive(packet));
    incoming.on("error", (error) => this.destroy(`not MQTT: ${messageOf(error)}`));
    const socket = this.#socket;
    socket.on("connect", () => {
      socket.write(
        generate({
          cmd: "connect",
          protocolId: "MQTT",
          protocolVersion: 4,
          clientId,
          // The session outlives the connection: re-sending its messages is in order.
          clean: false,
          keepalive: Math.ceil((keepAliveMs * 2) / 1000),
        }),
      );
    });
    socket.on("data", (bytes) => incoming.parse(bytes));
    socket.on("drain", () => this.#events.drained());
    socket.on("error", (error) => {
      this.#reason = messageOf(error);
    });
    socket.on("close", () => {
      this.#isOnline = false;
      this.#events.closed(this.#reason);
    });
  }

  #receive(packet: Packet): void {
    switch (packet.cmd) {
      case "puback":
        this.#events.acknowledged(packet.messageId ?? 0);
        break;
      case "connack":
        if (packet.returnCode === 0) {
          this.#isOnline = true;
          this.#pingAtMs = this.#clock.monotonic() + this.#settings.keepAliveMs;
          this.#events.online();
        } else {
          this.destroy(`refused by the broker: CONNACK ${packet.returnCode ?? "without a code"}`);
        }
        break;
      case "pingresp":
        this.#pongBeforeMs = Number.POSITIVE_INFINITY;
        this.#pingAtMs = this.#clock.monotonic() + this.#settings.keepAliveMs;
        break;
      default:
        // The device has subscribed to nothing: whatever else comes is not for it.
        break;
    }
  }
}
