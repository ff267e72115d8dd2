/**
 * The embedded hub: an Event Hubs-compatible broker on one node. The reception takes clients in; all
 * that they do goes through the links, and what lasts goes into the logs.
 *
 * Invariant: stopping answers what was accepted before it closes the logs.
 */
import { join } from "node:path";
import type { Clock, Timer } from "#core/clock.ts";
import type { DataLock } from "#core/data-lock.ts";
import { messageOf, PenstockError, systemCodeOf } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import { AccessKeys, type AccessPolicy, generatedPolicies } from "./access/access-keys.ts";
import type { Connection } from "./connection/connection.ts";
import { lockDataFolder } from "./data-lock.ts";
import { EventHub } from "./event-hub.ts";
import { HubFaults } from "./faults.ts";
import { type HubCounters, newCounters } from "./hub-counters.ts";
import { createLinkOpener } from "./links/open-link.ts";
import type { TlsFiles } from "./listener.ts";
import { HubLog } from "./log/hub-log.ts";
import { type LogDisk, realDisk } from "./log/log-disk.ts";
import { KEEP_ALL, type Retention } from "./log/retention.ts";
import { Reception, type ReceptionLimits } from "./reception.ts";

export interface HubDefinition {
  name: string;
  partitions: number;
  /** Besides `$Default`. */
  consumerGroups?: readonly string[];
}

export interface HubOptions {
  clock: Clock;
  log: Logger;
  dataDir: string;
  hubs: readonly HubDefinition[];
  /** Default 127.0.0.1. */
  host?: string;
  /** 0, the default, lets the system choose. */
  port?: number;
  /** Makes the port a TLS one, for clients that insist on it. */
  tls?: TlsFiles;
  /** Without any, a key for all rights is generated once and kept in `dataDir`. */
  keys?: readonly AccessPolicy[];
  messageBytesMax?: number;
  commitWindowMs?: number;
  segmentBytesMax?: number;
  /** Default: everything is kept. */
  retention?: Partial<Retention>;
  disk?: LogDisk;
  limits?: Partial<ReceptionLimits>;
}

export interface HubAddress {
  host: string;
  port: number;
}

const MIB = 1024 * 1024;
const SWEEP_INTERVAL_MS = 500;

export class Hub {
  readonly counters: HubCounters = newCounters();
  readonly faults: HubFaults;
  readonly #options: HubOptions;
  readonly #host: string;
  readonly #warnings: RateLimitedLog;
  readonly #hubs = new Map<string, EventHub>();
  #keys: AccessKeys | undefined;
  #lock: DataLock | undefined;
  readonly #reception: Reception;
  #address: HubAddress | undefined;
  #sweeps: Timer | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
    this.faults = new HubFaults(options.clock);
    this.#warnings = new RateLimitedLog(options.log, options.clock);
    this.#host = options.host ?? "127.0.0.1";
    this.#reception = new Reception({
      clock: options.clock,
      log: options.log,
      host: this.#host,
      port: options.port ?? 0,
      tls: options.tls,
      limits: options.limits ?? {},
      counters: this.counters,
    });
  }

  /** Opens the logs and listens; throws `HUB_LOG_FAILED` or `LISTEN_FAILED`. */
  async start(): Promise<HubAddress> {
    const { dataDir } = this.#options;
    try {
      this.#lock = await lockDataFolder(dataDir);
      return await this.#start();
    } catch (error) {
      await this.stop();
      if (error instanceof PenstockError || systemCodeOf(error) === undefined) throw error;
      const message = `Cannot use the data folder ${dataDir}: ${messageOf(error)}. Give another one by --data.`;
      throw new PenstockError("HUB_LOG_FAILED", message, { cause: error });
    }
  }

  async #start(): Promise<HubAddress> {
    const { clock, dataDir, keys } = this.#options;
    this.#keys = new AccessKeys(keys ?? generatedPolicies(dataDir));
    const openLink = createLinkOpener({
      clock,
      keys: this.#keys,
      counters: this.counters,
      faults: this.faults,
      messageBytesMax: this.#options.messageBytesMax ?? MIB,
      findHub: (name) => this.#hubs.get(name.toLowerCase()),
      loginRefused: (connection, reason) => this.#loginRefused(connection, reason),
    });
    for (const definition of this.#options.hubs) await this.#openHub(definition);
    const port = await this.#reception.start(this.#keys, openLink);
    this.#address = { host: this.#host, port };
    this.#sweeps = clock.every("hub sweep", SWEEP_INTERVAL_MS, () => this.#sweep());
    return this.#address;
  }

  /** Closes all connections and the logs. */
  async stop(): Promise<void> {
    this.#sweeps?.cancel();
    const closed = this.#reception.close();
    for (const hub of this.#hubs.values()) await hub.log.writer.drain();
    this.#reception.dismiss();
    await closed;
    for (const hub of this.#hubs.values()) await hub.log.stop();
    this.#hubs.clear();
    await this.#lock?.release();
  }

  get address(): HubAddress {
    if (!this.#address) throw new Error("the hub is not started");
    return this.#address;
  }

  hubs(): Iterable<EventHub> {
    return this.#hubs.values();
  }

  connections(): Iterable<Connection> {
    return this.#reception.connections;
  }

  /** Clients that have not begun to speak AMQP. */
  get waitingClients(): number {
    return this.#reception.waiting;
  }

  /** What a client of the real SDK needs; carries the key, so it is a secret. */
  connectionString(hubName: string): string {
    if (!this.#keys) throw new Error("the hub is not started");
    const { host, port } = this.address;
    const { name, key } = this.#keys.first;
    const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    // Spelled exactly so it makes the SDK speak plain AMQP, on the port given.
    const plain = this.#options.tls ? "" : "UseDevelopmentEmulator=true;";
    return `Endpoint=sb://${reachable}:${port};SharedAccessKeyName=${name};SharedAccessKey=${key};${plain}EntityPath=${hubName}`;
  }

  /** Detaches every link of every client once, as the service does for upkeep. */
  detachLinks(): void {
    const error = {
      condition: "amqp:link:detach-forced",
      description: "The link is detached by the hub.",
    };
    for (const connection of this.#reception.connections) {
      for (const link of connection.links()) link.detach(error);
    }
  }

  /** Drops every connection without a word. */
  dropConnections(): void {
    for (const connection of this.#reception.connections) connection.drop();
  }

  /** Lets every token that was put so far expire now. */
  expireTokens(): void {
    for (const connection of this.#reception.connections) connection.claims.expireAll();
    this.#sweep();
  }

  async #openHub(definition: HubDefinition): Promise<void> {
    const { clock, log, dataDir } = this.#options;
    const name = definition.name.toLowerCase();
    const hubLog = new HubLog({
      folder: join(dataDir, `hub-${name}`),
      partitions: definition.partitions,
      clock,
      log,
      disk: this.#options.disk ?? realDisk,
      commitWindowMs: this.#options.commitWindowMs ?? 2,
      segmentBytesMax: this.#options.segmentBytesMax ?? 64 * MIB,
      recentBytesMax: 32 * MIB,
      coldBytesMax: 16 * MIB,
      indexBytesMax: 16 * MIB,
      retention: { ...KEEP_ALL, ...this.#options.retention },
    });
    const { segments, blocks, tornBytes, damaged } = await hubLog.start();
    log.info(
      { hub: name, segments: segments.length, blocks, tornBytes, damaged: damaged.length },
      "The hub's log is open.",
    );
    hubLog.onDrained = () => this.#resume();
    hubLog.onFault = (fault) =>
      this.#warnings.warn(`fault ${name}`, { error: messageOf(fault.cause) }, fault.message);
    const hub = new EventHub({
      name: definition.name,
      partitions: definition.partitions,
      consumerGroups: definition.consumerGroups ?? [],
      log: hubLog,
      firstPartition: clock.now() % definition.partitions,
    });
    this.#hubs.set(name, hub);
  }

  #loginRefused(connection: string, reason: string): void {
    this.counters.loginsRefused += 1;
    this.#warnings.warn("login", { connection, reason }, "A client's token was refused.");
  }

  #sweep(): void {
    const nowMs = this.#options.clock.now();
    for (const connection of this.#reception.connections) connection.sweep(nowMs);
    for (const hub of this.#hubs.values()) hub.log.expire(nowMs);
  }

  #resume(): void {
    for (const connection of this.#reception.connections) connection.resume();
  }
}
