/** The sink's HTTP side: status API, metrics, live events, and the first page. */
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { LiveEvents } from "#core/http/live-events.ts";
import { pageRoutes } from "#core/http/page-files.ts";
import { type HttpReply, type HttpRoute, HttpServer } from "#core/http/server.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { AlarmRow } from "../store/contract.ts";
import { alarmRoutes } from "./alarm-routes.ts";
import { metricsReply } from "./metrics.ts";
import { PAGE_FILES } from "./page-files.ts";
import { limitOf } from "./query.ts";
import { rollupReply } from "./rollup-route.ts";
import type { SinkView } from "./sink-view.ts";
import { statusOf, summaryOf } from "./status.ts";

export interface SinkApiOptions {
  host: string;
  port: number;
  view: SinkView;
  clock: Clock;
  log: Logger;
}

const LIVE_EVERY_MS = 1000;

export class SinkApi {
  readonly #options: SinkApiOptions;
  readonly #server: HttpServer;
  readonly #live = new LiveEvents();
  readonly #log: RateLimitedLog;
  #timer: Timer | undefined;

  constructor(options: SinkApiOptions) {
    this.#options = options;
    const { host, port, log, clock } = options;
    this.#log = new RateLimitedLog(log, clock);
    this.#server = new HttpServer({ host, port, log, routes: this.#routes() });
  }

  /** @throws PenstockError LISTEN_FAILED */
  async start(): Promise<void> {
    await this.#server.start();
    this.#timer = this.#options.clock.every("live status", LIVE_EVERY_MS, () => {
      if (this.#live.clients > 0) void this.#publishStatus();
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#live.close();
    await this.#server.stop();
  }

  get port(): number {
    return this.#server.port;
  }

  announce(alarms: readonly AlarmRow[]): void {
    for (const alarm of alarms) this.#live.publish("alarm", alarm);
  }

  /** A store that cannot be reached leaves a gap in the live view, and is logged. */
  async #publishStatus(): Promise<void> {
    try {
      this.#live.publish("status", await statusOf(this.#options.view));
    } catch (error) {
      this.#log.warn("live status", { reason: messageOf(error) }, "the store gave no status");
    }
  }

  #health(): HttpReply {
    const { ingest, problems: look } = this.#options.view;
    const problems = look();
    const isHealthy = problems.length === 0;
    const status = isHealthy ? "ok" : "failing";
    const body = { status, connected: ingest.connected, problems };
    return { kind: "json", status: isHealthy ? 200 : 503, body };
  }

  #routes(): Record<string, HttpRoute> {
    const { view } = this.#options;
    const { store, ingest } = view;
    return {
      ...pageRoutes(PAGE_FILES),
      "/healthz": () => this.#health(),
      "/metrics": () => metricsReply(view),
      "/api/status": async () => json(await statusOf(view)),
      "/api/rollups": (request) => rollupReply(store, request),
      "/api/devices": async () => json(await store.devices()),
      ...alarmRoutes(store),
      "/api/dead-letters": async ({ query }) => json(await store.deadLetters(limitOf(query))),
      "/api/gaps": async ({ query }) =>
        json({ lost: ingest.lost(), explained: await store.explainedGaps(limitOf(query)) }),
      "/api/latency": ({ query }) => {
        const body = { ...summaryOf(ingest.latency), lag: summaryOf(ingest.lag) };
        if (query.get("reset") === "1") {
          ingest.latency.reset();
          ingest.lag.reset();
        }
        return json(body);
      },
      "/api/events": () => ({
        kind: "stream",
        attach: (response) => this.#live.attach(response),
      }),
    };
  }
}

function json(body: unknown): HttpReply {
  return { kind: "json", body };
}
