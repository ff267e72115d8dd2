/**
 * The agent's HTTP side: status, values, alarms, live events, metrics, and a plain page. It only
 * reads. Alarms go to the listening pages at once, values once a second and only those on the page
 * that is open.
 */
import type { ServerResponse } from "node:http";
import type { AlarmTransition } from "#core/alarm.ts";
import type { AlarmState } from "#core/alarms/contract.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { LiveEvents } from "#core/http/live-events.ts";
import { pageRoutes } from "#core/http/page-files.ts";
import { type HttpReply, type HttpRoute, HttpServer } from "#core/http/server.ts";
import type { Logger } from "#core/log.ts";
import type { AgentView, DetectorRow } from "./contract.ts";
import { LivePage } from "./live-page.ts";
import { metricsOf } from "./metrics.ts";
import { PAGE_FILES } from "./page-files.ts";
import { pageQueryOf } from "./page-query.ts";
import { ValuePages } from "./value-pages.ts";

export interface AgentApiOptions {
  host: string;
  /** 0 lets the system pick. */
  port: number;
  view: AgentView;
  clock: Clock;
  log: Logger;
}

const VALUES_DEFAULT = 1000;
const VALUES_MAX = 10_000;
const LIVE_ROWS_MAX = 500;
const LIVE_ALARMS_MAX = 200;
const JOURNAL_MAX = 1000;
const UPDATE_MS = 1000;

export class AgentApi {
  readonly #options: AgentApiOptions;
  readonly #pages: ValuePages;
  readonly #live = new LiveEvents();
  readonly #livePages = new Set<LivePage>();
  readonly #server: HttpServer;
  #timer: Timer | undefined;
  /** As the pages were told of them last. */
  #alarmsTold: readonly AlarmState[] | undefined;

  constructor(options: AgentApiOptions) {
    this.#options = options;
    this.#pages = new ValuePages(options.view.values);
    const { host, port, clock, log } = options;
    this.#server = new HttpServer({ host, port, clock, log, routes: this.#routes() });
  }

  /** @throws PenstockError LISTEN_FAILED */
  async start(): Promise<void> {
    this.#alarmsTold = this.#options.view.alarms.states();
    await this.#server.start();
    this.#timer = this.#options.clock.every("live page", UPDATE_MS, () => this.#update());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#live.close();
    await this.#server.stop();
  }

  /** The port in use, once started. */
  get port(): number {
    return this.#server.port;
  }

  /** Tells the listening pages of an alarm, at once. */
  publishAlarm(transition: AlarmTransition): void {
    this.#live.publish("alarm", transition);
  }

  #routes(): Record<string, HttpRoute> {
    const { view } = this.#options;
    return {
      ...pageRoutes(PAGE_FILES),
      "/healthz": () => this.#health(),
      "/metrics": () => this.#metrics(),
      "/api/status": () => json({ ...view.status(), problems: view.problems() }),
      "/api/values": ({ query }) => this.#values(query),
      "/api/detectors": ({ query }) => json({ detectors: this.#detectors(query) }),
      "/api/alarms": () => json(this.#alarms()),
      "/api/events": ({ query }) => this.#events(query),
    };
  }

  #health(): HttpReply {
    const problems = this.#options.view.problems();
    const healthy = problems.length === 0;
    return json({ status: healthy ? "ok" : "failing", problems }, healthy ? 200 : 503);
  }

  #metrics(): Promise<HttpReply> {
    const { view } = this.#options;
    const http = {
      livePages: this.#live.clients,
      livePagesRefused: this.#live.refused,
      livePagesDropped: this.#live.dropped,
      connectionsRefused: this.#server.refused,
    };
    return metricsOf(view.status(), view.problems().length === 0, http).reply();
  }

  #alarms(): object {
    const { alarms } = this.#options.view;
    const states = alarms.states();
    return {
      active: states.filter(({ isActive }) => isActive).map(({ raised }) => raised),
      states,
      maintenance: alarms.maintenance(),
      journal: alarms.recent(JOURNAL_MAX),
    };
  }

  #values(query: URLSearchParams): HttpReply {
    const wanted = pageQueryOf(query, VALUES_DEFAULT, VALUES_MAX);
    const page = this.#pages.find(wanted);
    return json({ total: page.total, offset: wanted.offset, values: this.#pages.rows(page) });
  }

  #detectors(query: URLSearchParams): readonly DetectorRow[] {
    const { detectors } = this.#options.view;
    return detectors.rows(query.get("device") ?? undefined, query.get("tag") ?? undefined);
  }

  /** Alarms and status for everyone; values for those who name the page that they show. */
  #events(query: URLSearchParams): HttpReply {
    const wanted = pageQueryOf(query, 0, LIVE_ROWS_MAX);
    return {
      kind: "stream",
      attach: (response: ServerResponse): void => {
        let livePage: LivePage | undefined;
        const client = this.#live.attach(response, () => {
          if (livePage) this.#livePages.delete(livePage);
        });
        if (!client) return;
        client.send("status", this.#statusForPage());
        client.send("alarms", this.#alarmsForPage());
        if (wanted.limit === 0) return;
        livePage = new LivePage(this.#pages, wanted, client);
        this.#livePages.add(livePage);
      },
    };
  }

  #update(): void {
    if (this.#live.clients === 0) return;
    // Goes every second, and so shows a connection whose other end is gone, too.
    this.#live.publish("status", this.#statusForPage());
    for (const page of this.#livePages) page.update();
    const states = this.#options.view.alarms.states();
    if (states !== this.#alarmsTold) this.#live.publish("alarms", this.#alarmsForPage());
    this.#alarmsTold = states;
  }

  /** A page shows the newest; a flood of alarms must not cost it its connection. */
  #alarmsForPage(): object {
    const active = this.#options.view.alarms.states().filter(({ isActive }) => isActive);
    return { total: active.length, active: active.slice(0, LIVE_ALARMS_MAX).map(alarmForPage) };
  }

  #statusForPage(): object {
    const { view } = this.#options;
    return { ...view.status(), problems: view.problems() };
  }
}

function alarmForPage(state: AlarmState): object {
  const { raised, isAcknowledged, acknowledged, shelved, outOfService, suppressedBy } = state;
  return {
    ...raised,
    isAcknowledged,
    acknowledgedBy: acknowledged?.by,
    shelvedUntil: shelved?.until,
    isOutOfService: outOfService !== undefined,
    suppressedBy,
  };
}

function json(body: unknown, status = 200): HttpReply {
  return { kind: "json", body, status };
}
