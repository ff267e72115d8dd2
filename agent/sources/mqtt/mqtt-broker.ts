/**
 * The embedded MQTT broker (3.1 and 3.1.1), to which devices publish. A PUBACK means that the
 * readings are on disk: aedes acknowledges when `authorizePublish` is through, so that is what waits
 * (its `published` comes too late). Where the intake refuses, the client is closed without a PUBACK,
 * and sends again.
 */
import { createServer, type Server, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Aedes, type Client, type PublishPacket } from "aedes";
import type { Intake, Source, SourceStatus } from "#agent/sources/contract.ts";
import type { BrokerSettings, TopicRule } from "#config/gateway.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf, PenstockError } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import { CommitBacklog } from "./commit-backlog.ts";
import { ConnectionGate } from "./connection-gate.ts";
import { MessageReceiver } from "./message-receiver.ts";

export interface MqttBrokerOptions {
  settings: BrokerSettings;
  topics: readonly TopicRule[];
  /** Only this program publishes at and below this topic. */
  alarmTopic: string;
  intake: Intake;
  clock: Clock;
  log: Logger;
}

/** Readings from the embedded broker are counted under this name. */
const SOURCE = "mqtt";

/** Less than the buffer takes in during one commit, so that it is here where the flow stops. */
const WAITING_BYTES_MAX = 2 * 1024 * 1024;
/** What a waiting message costs besides its payload. */
const MESSAGE_BYTES = 256;

const TOPIC_BYTES_MAX = 1024;
const TOPIC_LEVELS_MAX = 32;
/** Length of the topic, packet id. */
const PUBLISH_FIELDS_BYTES = 4;

const SWEEP_INTERVAL_MS = 5000;

export class MqttBroker implements Source {
  readonly #options: MqttBrokerOptions;
  readonly #receiver: MessageReceiver;
  readonly #log: RateLimitedLog;
  readonly #backlog = new CommitBacklog(WAITING_BYTES_MAX);
  readonly #gates = new Set<ConnectionGate>();
  readonly #counters = {
    connections: 0,
    clients_refused: 0,
    connections_closed_for_errors: 0,
    packets_too_large: 0,
    publishes_denied: 0,
    slow_consumers: 0,
  };
  #state: "stopped" | "starting" | "running" = "stopped";
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  #sweep: Timer | undefined;

  /** @throws PenstockError CONFIG_INVALID */
  constructor(options: MqttBrokerOptions) {
    const { topics, intake, clock, log } = options;
    this.#options = options;
    this.#receiver = new MessageReceiver({ source: SOURCE, topics, intake, clock, log });
    this.#log = new RateLimitedLog(log, clock);
  }

  /** The port it listens on; 0 when it does not. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  /** @throws PenstockError LISTEN_FAILED */
  async start(): Promise<void> {
    this.#state = "starting";
    const { settings, clock, log } = this.#options;
    this.#aedes = await Aedes.createBroker({
      connectTimeout: settings.connectTimeout,
      maxTopicLevels: TOPIC_LEVELS_MAX,
      authorizePublish: (client, packet, done) => this.#onPublish(client, packet, done),
    });
    this.#watch(this.#aedes);
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#open(socket));
    this.#server.maxConnections = settings.maxClients;
    this.#server.on("drop", () => {
      this.#counters.clients_refused += 1;
      const { maxClients } = settings;
      this.#log.warn("max clients", { maxClients }, "an MQTT client is refused: too many");
    });
    await this.#listen(this.#server);
    this.#sweep = clock.every("mqtt sweep", SWEEP_INTERVAL_MS, () => {
      for (const gate of this.#gates) gate.checkDeadline();
    });
    this.#state = "running";
    log.info({ host: settings.listen.host, port: this.port }, "MQTT broker listens");
  }

  /** What is being stored is acknowledged before its client is closed. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#sweep?.cancel();
    this.#server?.close();
    for (const gate of this.#gates) gate.closeReads();
    await this.#backlog.empty();
    // The last acknowledgements are written at the end of this turn of the event loop.
    await nextTurn();
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#aedes) this.#aedes.close(resolve);
    else resolve();
    await promise;
    for (const gate of this.#gates) gate.destroy();
  }

  /** To all subscribers, with QoS 1. Does nothing while the broker does not run. */
  publish(topic: string, payload: string): void {
    if (this.#state !== "running") return;
    const packet: PublishPacket = {
      cmd: "publish",
      topic,
      payload: Buffer.from(payload),
      qos: 1,
      retain: false,
      dup: false,
    };
    this.#aedes?.publish(packet, (error) => {
      if (!error) return;
      this.#log.warn("publish", { topic, err: messageOf(error) }, "cannot publish on the broker");
    });
  }

  status(): SourceStatus {
    return {
      name: SOURCE,
      kind: "mqtt-broker",
      state: this.#state,
      counters: {
        ...this.#receiver.counters,
        ...this.#counters,
        clients: this.#gates.size,
        waiting_messages: this.#backlog.messages,
        waiting_bytes: this.#backlog.bytes,
        read_pauses: this.#backlog.pauses,
      },
    };
  }

  #open(socket: Socket): void {
    this.#counters.connections += 1;
    const { settings, clock } = this.#options;
    const gate = new ConnectionGate({
      socket,
      limits: { publishBytesMax: settings.maxPayload + TOPIC_BYTES_MAX + PUBLISH_FIELDS_BYTES },
      backlog: this.#backlog,
      clock,
      onFault: (fault) => {
        if (fault === "packet too large") this.#counters.packets_too_large += 1;
        if (fault === "slow consumer") this.#counters.slow_consumers += 1;
        this.#reportClosed(socket, fault);
      },
    });
    this.#gates.add(gate);
    socket.once("close", () => this.#gates.delete(gate));
    this.#aedes?.handle(socket);
  }

  #onPublish(
    client: Client | null,
    packet: PublishPacket,
    done: (error?: Error | null) => void,
  ): void {
    const denial = this.#denialOf(packet);
    if (denial !== undefined) {
      this.#counters.publishes_denied += 1;
      return done(new PenstockError("PUBLISH_DENIED", denial));
    }
    const payload =
      typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
    const accepting = this.#receiver.receive(client?.id ?? "", packet.topic, payload);
    if (!accepting) return done(null);
    void this.#acknowledge(packet.qos, payload.length + MESSAGE_BYTES, accepting, done);
  }

  async #acknowledge(
    qos: number,
    bytes: number,
    accepting: Promise<unknown>,
    done: (error?: Error | null) => void,
  ): Promise<void> {
    this.#backlog.add(bytes);
    const refusal = await refusalOf(accepting);
    // QoS 0 knows no acknowledgement, so closing would tell nothing: the message is lost, and counted.
    done(qos === 0 ? null : refusal);
    this.#backlog.remove(bytes);
  }

  #denialOf(packet: PublishPacket): string | undefined {
    const { topic } = packet;
    const { alarmTopic, settings } = this.#options;
    if (this.#state !== "running") return "the broker is stopping";
    if (topic.startsWith("$")) return "topics that begin with $ are the broker's";
    if (topic === alarmTopic || topic.startsWith(`${alarmTopic}/`)) {
      return "the alarm topic is the gateway's";
    }
    if (!isTopic(topic)) return "the topic is too long, or no text";
    if (packet.payload.length > settings.maxPayload) return "the payload is too large";
    return undefined;
  }

  #watch(aedes: Aedes): void {
    const onError = (client: Client, error: Error): void => {
      this.#reportClosed(client.conn, messageOf(error), client.id);
    };
    aedes.on("clientError", onError);
    aedes.on("connectionError", onError);
  }

  #reportClosed(conn: object, reason: string, client?: string): void {
    this.#counters.connections_closed_for_errors += 1;
    const address = "remoteAddress" in conn ? conn.remoteAddress : undefined;
    this.#log.warn(`closed: ${reason}`, { reason, client, address }, "an MQTT client was closed");
  }

  async #listen(server: Server): Promise<void> {
    const { host, port } = this.#options.settings.listen;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => {
        const message = `the MQTT broker cannot listen on ${host}:${port}: ${messageOf(cause)}`;
        reject(new PenstockError("LISTEN_FAILED", message, { cause, context: { host, port } }));
      });
      server.listen(port, host, resolve);
    });
  }
}

/** The parser makes U+FFFD of bytes that are no UTF-8 [MQTT-1.5.3-1]; NUL is forbidden too. */
function isTopic(topic: string): boolean {
  return (
    topic.length <= TOPIC_BYTES_MAX &&
    Buffer.byteLength(topic) <= TOPIC_BYTES_MAX &&
    !/[\0\uFFFD]/.test(topic)
  );
}

async function refusalOf(accepting: Promise<unknown>): Promise<Error | null> {
  try {
    await accepting;
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}
