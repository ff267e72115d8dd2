/**
 * One connection to an outside broker, from CONNECT to its end; never reused.
 *
 * A PUBACK goes out when the message is stored. The library would send it by itself, one message
 * after the other, so that each would wait for its own commit: therefore a QoS 1 message is handed
 * to it as QoS 0, and acknowledged here, on the stream that it came from.
 */
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { type IPublishPacket, type Packet, writeToStream } from "mqtt-packet";
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import type { CommitBacklog } from "./commit-backlog.ts";
import { type Oversize, OversizeFilter, PACKET_BYTES_MAX } from "./oversize-filter.ts";

export interface RemoteSessionOptions {
  url: string;
  client: IClientOptions;
  filters: readonly string[];
  /** What is received and not stored: when it is full, nothing more is read. */
  backlog: CommitBacklog;
  /**
   * Undefined: nothing to store. A rejection ends the session, so that the broker sends again.
   * `isRetained`: not published now, but kept by the broker since whenever.
   */
  onMessage: (
    topic: string,
    payload: Uint8Array,
    isRetained: boolean,
  ) => Promise<unknown> | undefined;
  /** A message was left out, and acknowledged: it would come again for ever. */
  onOversize: (message: Oversize) => void;
  /** Subscribed, but for these filters, which the broker refuses. */
  onReady: (refused: readonly string[]) => void;
  clock: Clock;
}

/** What a waiting message costs besides its payload. */
const MESSAGE_BYTES = 256;
/** A broker that does not even close its end by then is frozen, or cut off. */
const GOODBYE_MS = 2000;

export class RemoteSession {
  readonly #options: RemoteSessionOptions;
  readonly #client: MqttClient;
  readonly #ended = Promise.withResolvers<string>();
  #reason: string | undefined;

  /** Connects at once. */
  constructor(options: RemoteSessionOptions) {
    this.#options = options;
    // Each connection has a client of its own, so that an acknowledgement cannot reach the next.
    this.#client = connect(options.url, {
      ...options.client,
      reconnectPeriod: 0,
      resubscribe: false,
    });
    this.#listen();
    this.#filter();
  }

  /** Resolves with the reason when the connection is over, or was never made. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** Hands over to the connection, if there is one; what it cannot send is lost with it. */
  publish(topic: string, payload: Uint8Array, options: { qos: 0 | 1; retain: boolean }): void {
    this.#client.publish(topic, Buffer.from(payload), options, (error) => {
      if (error) this.#fail(`cannot publish: ${messageOf(error)}`);
    });
  }

  /** Says DISCONNECT; resolves when the connection is closed, by the broker or without it. */
  async close(): Promise<void> {
    this.#reason ??= "closed";
    const giveUp = this.#options.clock.after("mqtt goodbye", GOODBYE_MS, () => {
      this.#client.stream.destroy();
    });
    // The library waits for ever for what is under way to be acknowledged, and for the peer to close.
    await Promise.race([this.#client.endAsync(), this.#ended.promise]);
    giveUp.cancel();
    this.#ended.resolve(this.#reason);
  }

  #fail(reason: string): void {
    this.#reason ??= reason;
    this.#client.end(true);
    this.#ended.resolve(this.#reason);
  }

  #listen(): void {
    const client = this.#client;
    client.on("connect", () => void this.#subscribe());
    client.on("packetreceive", takeOver);
    client.handleMessage = (packet, done) => this.#handle(packet, done);
    client.on("error", (error) => this.#fail(messageOf(error)));
    client.on("disconnect", ({ reasonCode }) => {
      this.#reason ??= `disconnected by the broker, reason code ${reasonCode ?? 0}`;
    });
    client.on("close", () => this.#fail("the connection was closed"));
  }

  /** Between the stream and the library, which holds back the stream by itself. */
  #filter(): void {
    const { stream } = this.#client;
    const filter = new OversizeFilter(PACKET_BYTES_MAX, (message) => {
      this.#options.onOversize(message);
      if (message.messageId !== undefined) this.#puback(message.messageId);
    });
    // The library listens with one function that takes the bytes.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const listeners = stream.listeners("data") as ((bytes: Buffer) => void)[];
    stream.removeAllListeners("data");
    stream.on("data", (bytes: Buffer) => {
      const rest = filter.pass(bytes);
      if (rest.length > 0) for (const listen of listeners) listen(rest);
    });
  }

  /** One by one: told of together, the library does not say which was refused. */
  async #subscribe(): Promise<void> {
    const { filters, onReady } = this.#options;
    try {
      const granted = await Promise.all(filters.map((filter) => this.#isGranted(filter)));
      const refused = filters.filter((_, i) => granted[i] === false);
      if (refused.length < filters.length) onReady(refused);
      else this.#fail(`the broker refuses the subscription to ${refused.join(", ")}`);
    } catch (error) {
      this.#fail(`cannot subscribe: ${messageOf(error)}`);
    }
  }

  async #isGranted(filter: string): Promise<boolean> {
    try {
      await this.#client.subscribeAsync(filter, { qos: 1 });
      return true;
    } catch (error) {
      // What the broker has answered; anything else is the connection's end.
      if (error instanceof Error && "packet" in error) return false;
      throw error;
    }
  }

  /** The library reads on when `done` is called. */
  #handle(packet: IPublishPacket, done: () => void): void {
    const payload = Buffer.from(packet.payload);
    const storing = this.#options.onMessage(packet.topic, payload, packet.retain);
    const stored = storing && this.#store(storing, payload.length + MESSAGE_BYTES);
    void this.#acknowledge(packet, stored);
    if (this.#options.backlog.isFull) this.#options.backlog.wait(done);
    else done();
  }

  async #store(storing: Promise<unknown>, bytes: number): Promise<void> {
    const { backlog } = this.#options;
    backlog.add(bytes);
    try {
      await storing;
    } finally {
      backlog.remove(bytes);
    }
  }

  async #acknowledge(packet: IPublishPacket, stored: Promise<void> | undefined): Promise<void> {
    const { messageId } = packet;
    try {
      await stored;
      if (messageId !== undefined) this.#puback(messageId);
    } catch (error) {
      // Brokers send again only after a reconnect. Without an acknowledgement there is no again.
      if (messageId !== undefined) this.#fail(`not stored: ${messageOf(error)}`);
    }
  }

  #puback(messageId: number): void {
    const { stream, options, disconnected } = this.#client;
    if (disconnected || stream.destroyed) return;
    writeToStream({ cmd: "puback", messageId, reasonCode: 0 }, stream, options);
  }
}

function takeOver(packet: Packet): void {
  // No subscription asks for QoS 2, so no broker may send it.
  if (packet.cmd === "publish" && packet.qos === 1) packet.qos = 0;
}
