/** A TCP connection that sends whatever bytes a test wants, and hears what comes back. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { generate, type Packet, parser } from "mqtt-packet";
import { until } from "#test/support/until.ts";

export class RawClient {
  readonly packets: Packet[] = [];
  readonly #socket: Socket;
  #isClosed = false;

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    const incoming = parser({ protocolVersion: 4 });
    incoming.on("packet", (packet) => this.packets.push(packet));
    this.#socket.on("data", (bytes) => incoming.parse(bytes));
    // That the broker resets the connection is what most tests are about.
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.#isClosed = true;
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes that the operating system has not taken yet: the broker does not read. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Sends bytes, or a packet. */
  send(data: Uint8Array | string | Packet): void {
    const isBytes = typeof data === "string" || data instanceof Uint8Array;
    this.#socket.write(isBytes ? data : generate(data));
  }

  /** Says CONNECT, and waits for the answer. */
  async login(clientId = "raw", options: { clean?: boolean } = {}): Promise<void> {
    const { clean = true } = options;
    this.send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clientId,
      clean,
      keepalive: 0,
    });
    await until(() => this.packets.some(({ cmd }) => cmd === "connack"));
  }

  /** Stops reading: what the broker sends piles up. */
  freeze(): void {
    this.#socket.pause();
  }

  async closed(): Promise<void> {
    if (!this.#isClosed) await once(this.#socket, "close");
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
