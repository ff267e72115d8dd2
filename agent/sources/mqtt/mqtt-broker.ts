/**
 * The embedded MQTT broker (3.1 and 3.1.1), to which devices publish. A PUBACK means that the
 * readings are on disk: aedes acknowledges when `authorizePublish` is through, so that is what waits
 * (its `published` comes too late). Where the intake refuses, the client is closed without a PUBACK,
 * and sends again.
 */
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from "aedes";
import type { Intake, Source, SourceStatus } from "#agent/sources/contract.ts";
import type { StampLimits } from "#agent/sources/payload/time-stamp.ts";
import type { BrokerSettings, TopicRule } from "#config/gateway/mqtt.ts";
import type { SparkplugSettings } from "#config/gateway/sparkplug.ts";
import type { Clock } from "#core/clock.ts";
import { messageOf, PenstockError } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import { ClientGuard } from "./client-guard.ts";
import { CommitBacklog } from "./commit-backlog.ts";
import { Connections } from "./connections.ts";
import { Listener } from "./listener.ts";
import { MessageReceiver } from "./message-receiver.ts";
import { keepNoPacketNumbers } from "./packet-numbers.ts";
import { SessionStore } from "./session-store.ts";
import type { Publish } from "./sparkplug/host-state.ts";
import { TOPIC_LEVELS_MAX } from "./topic-names.ts";

export interface MqttBrokerOptions {
  settings: BrokerSettings;
  topics: readonly TopicRule[];
  sparkplug?: SparkplugSettings | undefined;
  /** Only this program publishes at and below this topic. */
  alarmTopic: string;
  /** How wrong devices' clocks may be; left out, five minutes ahead. */
  stampLimits?: StampLimits | undefined;
  intake: Intake;
  clock: Clock;
  /** Wall time, where the clock may give times of the boot: for what is said to others. */
  wallMs?: (() => number) | undefined;
  log: Logger;
}

/** Readings from the embedded broker are counted under this name. */
const SOURCE = "mqtt";

/** Less than the buffer takes in during one commit, so that it is here where the flow stops. */
const WAITING_BYTES_MAX = 2 * 1024 * 1024;
/** What a waiting message costs besides its payload. */
const MESSAGE_BYTES = 256;

/** QoS 2 messages of one client between PUBLISH and PUBREL: MQTT 3.1.1 cannot tell it a limit. */
const INBOUND_QOS2_MAX = 1000;

type Done = (error?: Error | null) => void;

export class MqttBroker implements Source {
  readonly #options: MqttBrokerOptions;
  readonly #receiver: MessageReceiver;
  readonly #guard: ClientGuard;
  readonly #store: SessionStore;
  readonly #log: RateLimitedLog;
  readonly #backlog = new CommitBacklog(WAITING_BYTES_MAX);
  readonly #connections: Connections;
  readonly #listener: Listener;
  #state: "stopped" | "starting" | "running" = "stopped";
  #aedes: Aedes | undefined;

  /** @throws PenstockError CONFIG_INVALID */
  constructor(options: MqttBrokerOptions) {
    const { settings, topics, stampLimits, intake, alarmTopic, clock, log } = options;
    this.#options = options;
    const sparkplug = options.sparkplug && {
      settings: options.sparkplug,
      wallMs: options.wallMs ?? (() => clock.now()),
      publish: (...message: Parameters<Publish>) => this.#publish(...message),
    };
    this.#receiver = new MessageReceiver({
      source: SOURCE,
      topics,
      stampLimits,
      sparkplug,
      intake,
      clock,
      log,
    });
    const stateTopic = this.#receiver.sparkplug?.state.topic;
    const ownTopics = [alarmTopic, ...(stateTopic === undefined ? [] : [stateTopic])];
    this.#guard = new ClientGuard({ settings, ownTopics, clock });
    this.#store = new SessionStore((id, filter) => this.#guard.isSubscribed(id, filter));
    this.#log = new RateLimitedLog(log, clock);
    const { maxPayload, maxRate } = settings;
    this.#connections = new Connections({
      maxPayload,
      maxRate,
      backlog: this.#backlog,
      clock,
      log,
    });
    this.#listener = new Listener(settings, {
      connected: (socket) => this.#open(socket),
      dropped: () => this.#connections.refuse("there are too many clients"),
      handshakeFailed: (reason) => this.#connections.refuse(`TLS: ${reason}`),
    });
  }

  /** The port it listens on; 0 when it does not. */
  get port(): number {
    return this.#listener.port;
  }

  /** @throws PenstockError LISTEN_FAILED */
  async start(): Promise<void> {
    this.#state = "starting";
    const { settings, log } = this.#options;
    keepNoPacketNumbers();
    this.#aedes = await Aedes.createBroker({
      persistence: this.#store,
      connectTimeout: settings.connectTimeout,
      maxTopicLevels: TOPIC_LEVELS_MAX,
      maxInflightInbound: INBOUND_QOS2_MAX,
      preConnect: (_client, packet, done) => {
        const denial = this.#guard.connectDenial(packet);
        done(denial ?? null, !denial);
      },
      authenticate: (client, username, password, done) => {
        void this.#authenticate(client, username, password, done);
      },
      authorizePublish: (client, packet, done) => this.#onPublish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => {
        done(null, this.#guard.maySubscribe(client, subscription) ? subscription : null);
      },
    });
    this.#watch(this.#aedes);
    await this.#listener.start();
    this.#connections.start();
    this.#state = "running";
    this.#receiver.sparkplug?.state.born();
    log.info({ host: settings.listen.host, port: this.port }, "MQTT broker listens");
    const { maxConnections } = this.#listener;
    if (maxConnections < settings.maxClients) {
      const message = "the system lets this process open too few files for maxClients";
      log.warn({ maxClients: settings.maxClients, clients: maxConnections }, message);
    }
  }

  /** What is being stored is acknowledged before its client is closed. */
  async stop(): Promise<void> {
    this.#receiver.sparkplug?.state.died();
    this.#state = "stopped";
    this.#listener.stop();
    this.#connections.closeReads();
    await this.#backlog.empty();
    // The last acknowledgements are written at the end of this turn of the event loop.
    await nextTurn();
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#aedes) this.#aedes.close(resolve);
    else resolve();
    await promise;
    this.#connections.stop();
  }

  /** To all subscribers, with QoS 1. Does nothing while the broker does not run. */
  publish(topic: string, payload: string): void {
    this.#publish(topic, Buffer.from(payload), { qos: 1, retain: false });
  }

  #publish(topic: string, payload: Uint8Array, options: Parameters<Publish>[2]): void {
    if (this.#state !== "running") return;
    const { buffer, byteOffset, byteLength } = payload;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    const packet: PublishPacket = { cmd: "publish", topic, payload: bytes, ...options, dup: false };
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
        ...this.#connections.counters,
        ...this.#guard.counters,
        clients: this.#connections.size,
        sessions: this.#store.sessions,
        retained: this.#store.retained.size,
        retained_refused: this.#store.retained.refused,
        queued_dropped: this.#store.queuedDropped,
        waiting_messages: this.#backlog.messages,
        waiting_bytes: this.#backlog.bytes,
        read_pauses: this.#backlog.pauses,
      },
    };
  }

  #open(socket: Socket): void {
    this.#connections.add(socket);
    const client = this.#aedes?.handle(socket);
    if (client) socket.once("close", () => this.#guard.forget(client));
  }

  #watch(aedes: Aedes): void {
    const onError = (client: Client, error: Error): void => {
      this.#connections.report(client.conn, messageOf(error), client.id);
    };
    aedes.on("clientError", onError);
    aedes.on("connectionError", onError);
    aedes.on("unsubscribe", (filters, client) => this.#guard.unsubscribe(client, filters));
  }

  async #authenticate(
    client: Client,
    username: string | undefined,
    password: Uint8Array | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): Promise<void> {
    const denial = await this.#guard.loginDenial(client, username, password);
    if (denial) {
      const { users = {} } = this.#options.settings;
      const isUser = username !== undefined && Object.hasOwn(users, username);
      const claimed = { client: client.id, ...(isUser && { user: username }) };
      this.#connections.reportLogin(client.conn, denial.message, claimed);
    }
    done(denial ?? null, !denial);
  }

  #onPublish(client: Client | null, packet: PublishPacket, done: Done): void {
    if (this.#state !== "running") {
      return done(new PenstockError("MQTT_DENIED", "the broker is stopping"));
    }
    const denial = this.#guard.publishDenial(client, packet.topic);
    if (denial) return done(denial);
    if (packet.payload.length > this.#options.settings.maxPayload) {
      this.#connections.counters.packets_too_large += 1;
      return done(new PenstockError("PAYLOAD_TOO_LARGE", "the payload is too large"));
    }
    const { qos, messageId } = packet;
    if (qos === 2 && client && messageId !== undefined) {
      const store = async (): Promise<unknown> => await this.#receive(client, packet);
      void this.#acknowledge(packet, this.#store.inbound.once(client, messageId, store), done);
      return;
    }
    const storing = this.#receive(client, packet);
    if (storing) void this.#acknowledge(packet, storing, done);
    else done(null);
  }

  #receive(client: Client | null, { topic, payload }: PublishPacket): Promise<unknown> | undefined {
    const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
    return this.#receiver.receive(client?.id ?? "", topic, bytes);
  }

  async #acknowledge(packet: PublishPacket, storing: Promise<unknown>, done: Done): Promise<void> {
    const bytes = packet.payload.length + MESSAGE_BYTES;
    this.#backlog.add(bytes);
    const refusal = await refusalOf(storing);
    // QoS 0 knows no acknowledgement, so closing would tell nothing: it is lost, and counted.
    done(packet.qos === 0 ? null : refusal);
    this.#backlog.remove(bytes);
  }
}

async function refusalOf(storing: Promise<unknown>): Promise<Error | null> {
  try {
    await storing;
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}
