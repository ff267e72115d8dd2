/** Composition root of the sink: the one place that names concrete classes. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { hubAccessOf } from "#config/event-hubs.ts";
import type { SinkSettings } from "#config/sink.ts";
import type { Clock } from "#core/clock.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { AlarmService } from "./alarms/alarm-service.ts";
import { SinkApi } from "./http/sink-api.ts";
import type { ProcessView } from "./http/sink-view.ts";
import { HubLag } from "./ingest/hub-lag.ts";
import { Ingest } from "./ingest/ingest.ts";
import type { Store } from "./store/contract.ts";
import { PostgresStore } from "./store/postgres/postgres-store.ts";
import { SqliteStore } from "./store/sqlite/sqlite-store.ts";

export interface SinkOptions {
  settings: SinkSettings;
  /** Where they stand. */
  file: string;
  clock: Clock;
  random: Random;
  log: Logger;
  /** A programmer's error was met: the process must end. */
  onFatal: (error: unknown) => void;
}

/** The store that the settings name, not yet started. */
export function makeStore(options: Omit<SinkOptions, "file" | "onFatal">): Store {
  const { settings, clock, random, log } = options;
  const { store, foldEvery: foldEveryMs } = settings;
  if ("sqlite" in store) return new SqliteStore({ folder: store.sqlite, foldEveryMs, clock, log });
  const name = `${hostname()}:${process.pid}`;
  const fork = random.fork("store");
  return new PostgresStore({ url: store.postgres, name, foldEveryMs, clock, random: fork, log });
}

export class Sink {
  readonly store: Store;
  readonly ingest: Ingest;
  readonly alarms: AlarmService;
  readonly #api: SinkApi;
  readonly #host: string;
  #isOpen = false;

  constructor({ settings, file, clock, random, log, onFatal }: SinkOptions) {
    const { source, http } = settings;
    this.store = makeStore({ settings, clock, random, log });
    this.ingest = new Ingest({
      source: { ...hubAccessOf(source), consumerGroup: source.consumerGroup },
      store: this.store,
      clock,
      random,
      log,
      makeOwner: () => `sink-${randomUUID()}`,
      onAlarms: (alarms) => {
        this.#api.announce(alarms);
        this.alarms.nudge();
      },
      onFatal,
    });
    const lag = new HubLag({
      heads: async () => this.ingest.heads(),
      store: this.store,
      clock,
      log: new RateLimitedLog(log, clock),
    });
    this.alarms = new AlarmService({
      settings: settings.alarms,
      file,
      store: this.store,
      owner: `desk-${randomUUID()}`,
      name: `${hostname()}:${process.pid}`,
      latency: this.ingest.latency,
      lag: () => lag.latest(),
      onRaised: (alarms) => this.#api.announce(alarms),
      clock,
      random: random.fork("alarms"),
      log,
      onFatal,
    });
    const view = {
      store: this.store,
      ingest: ingestView(this.ingest),
      process: processView(clock),
      alarms: this.alarms,
      problems: () => this.#problems(),
    };
    this.#api = new SinkApi({ ...http.listen, view, clock, log });
    this.#host = http.listen.host;
  }

  /**
   * Waits for a database that is away; the API answers meanwhile, and says so.
   * @param patience how long to wait: until it fires
   * @throws PenstockError STORE_LOCKED, STORE_VERSION_UNKNOWN, STORE_FAILED, LISTEN_FAILED; an
   *   `AbortError` when the patience ended
   */
  async start(patience: AbortSignal): Promise<void> {
    await this.#api.start();
    try {
      await this.store.start(patience);
    } catch (error) {
      await this.#api.stop();
      throw error;
    }
    this.#isOpen = true;
    this.ingest.start();
    this.alarms.start();
  }

  /** Ends in the order of the data's path, so that what was received is committed or read again. */
  async stop(): Promise<void> {
    await this.ingest.stop();
    await this.alarms.stop();
    await this.#api.stop();
    await this.store.stop();
  }

  /** Where the API answers. */
  get address(): string {
    const host = this.#host.includes(":") ? `[${this.#host}]` : this.#host;
    return `http://${host}:${this.#api.port}`;
  }

  #problems(): string[] {
    if (!this.#isOpen) return ["the database is not open yet"];
    const { failure } = this.ingest;
    return failure === undefined ? [] : [failure];
  }
}

function ingestView(ingest: Ingest): ConstructorParameters<typeof SinkApi>[0]["view"]["ingest"] {
  return {
    get connected() {
      return ingest.connected;
    },
    get failure() {
      return ingest.failure;
    },
    get retries() {
      return ingest.retries;
    },
    get counters() {
      return { ...ingest.counters };
    },
    latency: ingest.latency,
    lag: ingest.lag,
    partitions: () => ingest.partitions(),
    lost: () => ingest.lost(),
  };
}

function processView(clock: Clock): ProcessView {
  const startMs = clock.monotonic();
  return {
    uptimeMs: () => Math.round(clock.monotonic() - startMs),
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return Math.round((user + system) / 1000);
    },
    rssBytes: () => process.memoryUsage.rss(),
  };
}
