/**
 * An outside broker as a source: subscribes with QoS 1 and acknowledges what is on disk. With a
 * `clientId` the session is persistent, and the broker keeps what comes while we are away. The
 * connection is made again by back-off, for ever.
 */
import type { IClientOptions } from "mqtt";
import type { Intake, Source, SourceStatus, Trouble } from "#agent/sources/contract.ts";
import type { StampLimits } from "#agent/sources/payload/time-stamp.ts";
import type { RemoteBrokerSettings } from "#config/gateway/mqtt.ts";
import { backOff } from "#core/back-off.ts";
import type { Clock } from "#core/clock.ts";
import { isAbort, messageOf } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import { GATEWAY_DEVICE } from "#core/own-names.ts";
import type { Random } from "#core/random.ts";
import { CommitBacklog } from "./commit-backlog.ts";
import { MessageReceiver } from "./message-receiver.ts";
import { PACKET_BYTES_MAX } from "./oversize-filter.ts";
import { keepNoPacketNumbers } from "./packet-numbers.ts";
import type { RemoteSession } from "./remote-session.ts";
import type { Publish } from "./sparkplug/host-state.ts";
import { Steadiness } from "./steadiness.ts";
import { readClientTls } from "./tls-folder.ts";
import { filterOf } from "./topic-pattern.ts";

export interface RemoteBrokerOptions {
  /** Readings are counted under it. */
  name: string;
  settings: RemoteBrokerSettings;
  /** How wrong devices' clocks may be; left out, five minutes ahead. */
  stampLimits?: StampLimits | undefined;
  intake: Intake;
  clock: Clock;
  /** Wall time, where the clock may give times of the boot: for what is said to others. */
  wallMs?: (() => number) | undefined;
  random: Random;
  log: Logger;
}

const RECONNECT = { firstMs: 500, maxMs: 30_000 };
/** The end of a connection counts, and each attempt that fails. */
const FAILURES_MIN = 2;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_S = 30;
const WAITING_BYTES_MAX = 2 * 1024 * 1024;

/** MQTT 5 only: messages under way without acknowledgement. */
const RECEIVE_MAXIMUM = 1000;
/** MQTT 5 only: how long the broker keeps the session. Older brokers decide by themselves. */
const SESSION_EXPIRY_S = 7 * 24 * 3600;

export class RemoteBroker implements Source {
  readonly #options: RemoteBrokerOptions;
  readonly #receiver: MessageReceiver;
  readonly #log: RateLimitedLog;
  readonly #backlog = new CommitBacklog(WAITING_BYTES_MAX);
  readonly #stopping = new AbortController();
  readonly #counters = { connects: 0, disconnects: 0, packets_too_large: 0 };
  #state: "stopped" | "starting" | "running" | "degraded" = "stopped";
  #detail: string | undefined;
  /** Subscriptions that the broker does not allow, while it is connected. */
  #refused: readonly string[] = [];
  readonly #steadiness = new Steadiness();
  #failuresInARow = 0;
  #session: RemoteSession | undefined;
  #running: Promise<void> | undefined;

  /** @throws PenstockError CONFIG_INVALID */
  constructor(options: RemoteBrokerOptions) {
    const { name, settings, intake, clock, log } = options;
    const { topics } = settings;
    this.#options = options;
    const sparkplug = settings.sparkplug && {
      settings: settings.sparkplug,
      wallMs: options.wallMs ?? (() => clock.now()),
      publish: (...message: Parameters<Publish>) => this.#session?.publish(...message),
    };
    this.#receiver = new MessageReceiver({
      source: name,
      topics,
      stampLimits: options.stampLimits,
      sparkplug,
      intake,
      clock,
      log,
    });
    this.#log = new RateLimitedLog(log.child({ remote: name }), clock);
  }

  /**
   * Begins to connect. A broker that is away is no error.
   * @throws PenstockError TLS_FILES_UNUSABLE
   */
  async start(): Promise<void> {
    const { tls } = this.#options.settings;
    if (tls !== undefined) readClientTls(tls);
    this.#state = "starting";
    keepNoPacketNumbers();
    this.#running = this.#keepConnected();
  }

  /** What is being stored is acknowledged before the connection is closed. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#backlog.empty();
    this.#receiver.sparkplug?.state.died();
    await this.#session?.close();
    await this.#running;
    this.#state = "stopped";
  }

  status(): SourceStatus {
    const detail = this.#complaint;
    return {
      name: this.#options.name,
      kind: "mqtt-remote",
      state: detail === undefined ? this.#state : "degraded",
      ...(detail !== undefined && { detail }),
      counters: {
        ...this.#receiver.counters,
        ...this.#counters,
        waiting_messages: this.#backlog.messages,
        waiting_bytes: this.#backlog.bytes,
        read_pauses: this.#backlog.pauses,
      },
    };
  }

  /** One that is reached again at the first attempt was not away. */
  troubles(): readonly Trouble[] {
    const { name } = this.#options;
    const place = { device: GATEWAY_DEVICE, tag: `(remote ${name})`, rule: "dead" } as const;
    if (this.#steadiness.isUnsteady(this.#options.clock.monotonic())) {
      const message = `The connection to the outside MQTT broker "${name}" is lost as soon as it is made, the last time: ${this.#detail}. If that is no reason, look whether another program has its clientId.`;
      return [{ ...place, priority: "high", message }];
    }
    if (this.#state === "running" && this.#refused.length > 0) {
      const message = `Not all comes from the outside MQTT broker "${name}": ${this.#complaint}. Check the rights of its user.`;
      return [{ ...place, priority: "medium", message }];
    }
    if (this.#state !== "degraded" || this.#failuresInARow < FAILURES_MIN) return [];
    const message = `Nothing comes from the outside MQTT broker "${name}": ${this.#detail}. Check the network, its address, user and certificate.`;
    return [{ ...place, priority: "high", message }];
  }

  get #complaint(): string | undefined {
    if (this.#state === "degraded") return this.#detail;
    if (this.#state !== "running" || this.#refused.length === 0) return undefined;
    return `it refuses the subscription to ${this.#refused.join(", ")}`;
  }

  async #keepConnected(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#stopping;
    let delays = backOff(RECONNECT, random);
    // Some 10 MB that a gateway without outside brokers need not hold.
    const { RemoteSession: Session } = await import("./remote-session.ts");
    while (!signal.aborted) {
      const connects = this.#counters.connects;
      const reason = await this.#runSession(Session);
      this.#steadiness.ended(clock.monotonic());
      const wasMade = this.#counters.connects > connects;
      if (wasMade && this.#steadiness.wasSteady) delays = backOff(RECONNECT, random);
      this.#report(reason);
      try {
        await clock.sleep(delays.next().value, { name: "mqtt reconnect", signal });
      } catch (error) {
        if (isAbort(error)) return;
        throw error;
      }
    }
  }

  /** Resolves with the reason when the connection is over. A certificate may be replaced meanwhile. */
  async #runSession(Session: typeof RemoteSession): Promise<string> {
    const { sparkplug } = this.#receiver;
    const { clock, wallMs = () => clock.now() } = this.#options;
    const bornAtMs = wallMs();
    let client: IClientOptions;
    try {
      client = clientOptions(this.#options.settings);
    } catch (error) {
      return messageOf(error);
    }
    if (sparkplug) client.will = sparkplug.state.will(bornAtMs);
    this.#session = this.#connect(Session, client, () => sparkplug?.state.born(bornAtMs));
    const reason = await this.#session.ended;
    sparkplug?.state.lost();
    if (!this.#stopping.signal.aborted) await this.#receiver.lost();
    return reason;
  }

  #connect(
    Session: typeof RemoteSession,
    client: IClientOptions,
    onReady: () => void,
  ): RemoteSession {
    const { name, settings, clock } = this.#options;
    return new Session({
      url: settings.url,
      client,
      clock,
      filters: [...filtersOf(settings), ...(this.#receiver.sparkplug?.filters ?? [])],
      backlog: this.#backlog,
      onMessage: (topic, payload, isRetained) =>
        this.#receiver.receive(name, topic, payload, isRetained),
      onOversize: ({ topic, bytes }) => {
        this.#counters.packets_too_large += 1;
        const message = "a message from an outside MQTT broker is too large, and left out";
        this.#log.warn("too large", { topic, bytes }, message);
      },
      onReady: (refused) => {
        this.#counters.connects += 1;
        this.#state = "running";
        this.#refused = refused;
        if (refused.length > 0) {
          this.#log.warn("refused", { refused }, "an outside MQTT broker refuses subscriptions");
        }
        this.#failuresInARow = 0;
        this.#steadiness.made(clock.monotonic());
        onReady();
      },
    });
  }

  #report(reason: string): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#state === "running") this.#counters.disconnects += 1;
    this.#state = "degraded";
    this.#failuresInARow += 1;
    this.#detail = `not connected: ${reason}`;
    this.#log.warn(`ended: ${reason}`, { reason }, "the outside MQTT broker is not connected");
  }
}

function filtersOf({ topics, share }: RemoteBrokerSettings): string[] {
  const prefix = share === undefined ? "" : `$share/${share}/`;
  return topics.map((rule) => prefix + filterOf(rule));
}

function clientOptions(settings: RemoteBrokerSettings): IClientOptions {
  const { clientId, username, password, protocol, tls } = settings;
  const isPersistent = clientId !== undefined;
  return {
    protocolVersion: protocol,
    // Without a name of its own a session would be left behind at each start.
    clean: !isPersistent,
    keepalive: KEEP_ALIVE_S,
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...(tls !== undefined && readClientTls(tls)),
    ...(isPersistent && { clientId }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(protocol === 5 && {
      properties: {
        receiveMaximum: RECEIVE_MAXIMUM,
        maximumPacketSize: PACKET_BYTES_MAX,
        sessionExpiryInterval: isPersistent ? SESSION_EXPIRY_S : 0,
      },
    }),
  };
}
