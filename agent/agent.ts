/**
 * The agent's composition root: makes the parts, connects them along the data's path, and starts and
 * stops them in an order in which nothing is handed to a part that is not there.
 */

import { resolve } from "node:path";
import { hubAccessOf } from "#config/event-hubs.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { GatewayAlarms } from "./alarms/gateway-alarms.ts";
import { StoreAndForward } from "./buffer/store-and-forward.ts";
import { alarmRoutes } from "./control/alarm-routes.ts";
import { bufferRoutes } from "./control/buffer-routes.ts";
import { busRoutes } from "./control/bus-routes.ts";
import { controlPathOf } from "./control/control-path.ts";
import { ControlServer } from "./control/control-server.ts";
import { detectRoutes } from "./control/detect-routes.ts";
import { notifyRoutes } from "./control/notify-routes.ts";
import { statusRoutes } from "./control/status-routes.ts";
import { tailRoute } from "./control/tail-route.ts";
import type { AgentApi } from "./http/agent-api.ts";
import type { AgentStatus, AgentView, ConfigurationState } from "./http/contract.ts";
import { ReadingIntake } from "./intake/reading-intake.ts";
import { keepPage, pageStateOf } from "./kept-page.ts";
import { Signal } from "./notify/signal.ts";
import { configurationAlarm } from "./reload/configuration-alarm.ts";
import { planReload, type ReloadPlan } from "./reload/reload-plan.ts";
import { SourceSet } from "./source-set.ts";
import type { KeptPart } from "./sources/kept-part.ts";
import { ClockedReader } from "./timekeeping/clocked-reader.ts";
import { type Boot, GatewayClock } from "./timekeeping/gateway-clock.ts";
import { DetectorUpkeep } from "./upkeep/detector-upkeep.ts";
import { makeProducer } from "./uplink/hub-client.ts";
import { Uplink } from "./uplink/uplink.ts";

export interface AgentOptions {
  settings: GatewaySettings;
  /** Of this machine: a copied buffer is told by it. */
  machineId: string;
  /** Of this machine's running boot. */
  boot: Boot;
  /** Whether the system's clock is right. */
  isClockSynced: () => Promise<boolean>;
  clock: Clock;
  random: Random;
  log: Logger;
  /** What runs, for `config diff`: by path, without secrets. */
  configuration?: () => Readonly<Record<string, string>>;
  /** CPU time used and memory held by this process. */
  resources: () => { cpuMs: number; rssBytes: number };
}

/** A synced write takes milliseconds, on a worn card seconds. */
const WRITE_MS_MAX = 60_000;

/** So far back it is looked when a recipient was told last. */
const JOURNAL_LOOK_MAX = 1000;

/** A lamp's module answers within this, or is tried again. */
const SIGNAL_TIMEOUT_MS = 1000;

export class Agent {
  readonly #options: AgentOptions;
  readonly #buffer: StoreAndForward;
  /** What sources stamp by. */
  readonly #time: GatewayClock;
  readonly #startedAtMs: number;
  readonly #alarms: GatewayAlarms;
  #uplink: Uplink | undefined;
  #page: KeptPart<AgentApi> | undefined;
  #control: ControlServer | undefined;
  #settings: GatewaySettings;
  #configuration: ConfigurationState | undefined;
  #intake: ReadingIntake | undefined;
  #upkeep: DetectorUpkeep | undefined;
  #sources: SourceSet | undefined;
  /** What ends with the program is not over. */
  #isStopping = false;

  constructor(options: AgentOptions) {
    const { settings, machineId, clock, random, log } = options;
    const { buffer } = settings;
    this.#options = options;
    this.#settings = settings;
    this.#startedAtMs = clock.monotonic();
    const { wait, waitMax } = settings.clock;
    this.#time = new GatewayClock({
      clock,
      boot: options.boot,
      path: `${resolve(buffer.path)}.clock`,
      waitMaxMs: waitMax,
      isSynced: wait === "off" ? async () => true : options.isClockSynced,
      log,
    });
    this.#buffer = new StoreAndForward({
      folder: buffer.path,
      gateway: settings.gateway,
      machineId,
      lanes: buffer.lanes,
      lingerMs: buffer.linger,
      dedupeWindowMs: buffer.dedupeWindow,
      limits: {
        maxBytes: buffer.maxBytes,
        maxAgeMs: buffer.maxAge,
        minFreeBytes: buffer.minFreeDisk,
        whenFull: buffer.whenFull,
      },
      clock,
      random: random.fork("buffer"),
      log,
    });
    this.#alarms = new GatewayAlarms({
      settings,
      valuesOf: (device) => this.#intake?.valuesOf(device) ?? [],
      isWatched: (place) => this.#intake?.isWatched(place),
      onMaintenance: () => this.#maintain(),
      makeSignal: (channel) =>
        new Signal({
          channel,
          linkOf: () => this.#sources?.guestLink(channel.bus),
          timeoutMs: SIGNAL_TIMEOUT_MS,
          clock,
        }),
      onAlarm: (transition) => this.#raiseOwn(transition),
      clock,
      random,
      log,
    });
  }

  /** The page's port; undefined while it cannot listen. */
  get httpPort(): number | undefined {
    return this.#page?.running?.port;
  }

  /** The embedded broker's port; undefined where no broker runs. */
  get mqttPort(): number | undefined {
    return this.#sources?.broker?.port;
  }

  /**
   * Starts everything, the sources last: what they bring then has somewhere to go.
   * A source or page that cannot start does not keep the others from it.
   * @throws PenstockError BUFFER_LOCKED, BUFFER_FAILED
   */
  async start(): Promise<void> {
    const { settings, clock, random, log } = this.#options;
    await this.#buffer.start();
    await this.#time.start();
    await this.#alarms.start();
    const intake = new ReadingIntake({
      site: settings.site,
      devices: settings.devices,
      lanes: this.#buffer.lanes,
      buffer: this.#buffer,
      alarms: this.#alarms.desk,
      clock,
      wallOf: (ts) => this.#time.wallOf(ts),
      log,
      onAlarm: (transition) => this.#announce(transition),
    });
    this.#intake = intake;
    this.#maintain();
    intake.resend(this.#alarms.desk.lastTransitions());
    const onAlarm = (transition: AlarmTransition): void => this.#raiseOwn(transition);
    this.#buffer.onAlarm(onAlarm);
    const path = `${resolve(settings.buffer.path)}.learnt`;
    const tick = (): void => intake.tick();
    const memory = intake.detectors;
    this.#upkeep = new DetectorUpkeep({ path, memory, tick, onAlarm, clock, log });
    await this.#upkeep.start();
    this.#startUplink();
    const view = this.#view(intake);
    this.#page = keepPage({ listen: settings.http.listen, view, clock, random, log, onAlarm });
    await this.#page.start();
    const wallMs = (): number => clock.now();
    const sources = new SourceSet({ intake, clock: this.#time, wallMs, random, log, onAlarm });
    this.#sources = sources;
    await sources.startAll(settings);
    await this.#startControl(intake, view, sources);
  }

  /** What stands still, as a sentence; undefined while work goes on. */
  stalled(): string | undefined {
    const { writingForMs } = this.#buffer;
    if (writingForMs < WRITE_MS_MAX) return undefined;
    return `the buffer has been writing for ${Math.round(writingForMs / 1000)} s`;
  }

  /** Ends in the order of the data's path; what is accepted is stored, what is stored stays. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#control?.stop();
    await this.#sources?.stopAll();
    await this.#upkeep?.stop();
    await this.#alarms.stop();
    await this.#uplink?.stop();
    await this.#buffer.stop();
    this.#time.stop();
    await this.#page?.stop();
  }

  /** What it would take to go over to other settings. */
  planFor(settings: GatewaySettings): ReloadPlan {
    return planReload(this.#settings, settings);
  }

  /**
   * Goes over to other settings that leave the foundation as it is: only what differs stops or
   * starts, and what could not start is tried again. What was read before is stored; what comes
   * meanwhile waits at its device.
   */
  async reload(settings: GatewaySettings): Promise<void> {
    const plan = this.planFor(settings);
    if (plan.whole.length > 0 || !this.#intake || !this.#sources) {
      throw new Error("a change of the foundation needs a new agent");
    }
    await this.#sources.stop(plan.stop);
    this.#settings = settings;
    await this.#alarms.reconfigure(settings, plan.alarms);
    this.#intake.reconfigure(settings, plan.devices);
    if (plan.uplink) {
      await this.#uplink?.stop();
      this.#uplink = undefined;
      this.#startUplink();
    }
    await this.#page?.tryAgain();
    await this.#sources.retryStopped();
    await this.#sources.start(plan.start, settings);
  }

  /** How the configuration stands, for the status and as an alarm of the gateway's own. */
  tellConfiguration(state: ConfigurationState): void {
    const before = this.#configuration?.faults.length ?? 0;
    this.#configuration = state;
    const { faults, file } = state;
    if (faults.length > 0 === before > 0) return;
    this.#raiseOwn(configurationAlarm(file, faults, this.#options.clock.now()));
  }

  #maintain(): void {
    const { desk } = this.#alarms;
    this.#intake?.watches.maintain((device) => desk.isMaintained(device));
  }

  /** An alarm of the gateway's own. */
  #raiseOwn(transition: AlarmTransition): void {
    if (!this.#isStopping) this.#intake?.raiseOwn(transition);
  }

  async #startControl(intake: ReadingIntake, view: AgentView, sources: SourceSet): Promise<void> {
    const { settings, clock, log, configuration = () => ({}) } = this.#options;
    const { desk, recipients } = this.#alarms;
    const routes = {
      ...statusRoutes(view, configuration),
      ...bufferRoutes(this.#buffer.desk),
      ...detectRoutes(intake.detectors),
      ...alarmRoutes(desk),
      ...notifyRoutes(recipients, () => desk.recent(JOURNAL_LOOK_MAX)),
      ...tailRoute(view, clock),
      ...busRoutes((bus) => sources.guestLink(bus)),
    };
    const path = controlPathOf(settings.buffer.path);
    this.#control = new ControlServer({ path, routes, clock, log });
    await this.#control.start();
  }

  #startUplink(): void {
    const { clock, random, log } = this.#options;
    const { uplink } = this.#settings;
    if (!uplink) return;
    const { eventHubs, linger, bandwidth, backlog } = uplink;
    const access = hubAccessOf(eventHubs);
    this.#uplink = new Uplink({
      makeClient: (timeoutMs) => makeProducer(access, timeoutMs),
      lingerMs: linger,
      bytesPerSecond: bandwidth,
      backlogShare: backlog.share,
      buffer: new ClockedReader(this.#buffer, this.#time),
      clock,
      random: random.fork("uplink"),
      log,
      onAlarm: (transition) => this.#raiseOwn(transition),
    });
    this.#uplink.start();
  }

  #announce(transition: AlarmTransition): void {
    this.#page?.running?.publishAlarm(transition);
    const topic = this.#settings.mqtt?.alarmTopic;
    const broker = this.#sources?.broker;
    if (!broker || topic === undefined) return;
    const { device, tag } = transition;
    broker.publish(`${topic}/${device}/${tag}`, JSON.stringify(transition));
  }

  #view(intake: ReadingIntake): AgentView {
    return {
      values: intake.values,
      detectors: intake.detectors,
      alarms: this.#alarms.desk,
      status: () => this.#status(intake),
      problems: () => this.#problems(),
    };
  }

  /** An uplink that fails is no problem of the gateway's own: local work goes on for days. */
  #problems(): string[] {
    const { state } = this.#buffer.status();
    const buffer = state === "failing" ? ["the buffer cannot be written"] : [];
    const sources = (this.#sources?.statuses ?? [])
      .filter((status) => status.state === "stopped")
      .map(({ name, detail }) => `${name} is stopped${detail === undefined ? "" : `: ${detail}`}`);
    return [...buffer, ...sources];
  }

  #status(intake: ReadingIntake): AgentStatus {
    const { clock, resources } = this.#options;
    const { readingsBySource, ...buffer } = this.#buffer.status();
    return {
      program: "agent",
      gateway: this.#settings.gateway,
      epoch: this.#buffer.epoch,
      clock: this.#time.status(),
      uptimeMs: Math.round(clock.monotonic() - this.#startedAtMs),
      sources: this.#sources?.statuses ?? [],
      buffer,
      page: pageStateOf(this.#page?.reason),
      uplink: this.#uplink?.status() ?? {},
      intake: intake.counters,
      detectors: intake.detectors.counts(),
      readings: { bySource: readingsBySource },
      alarms: this.#alarms.status(),
      ...(this.#configuration && { configuration: this.#configuration }),
      ...resources(),
    };
  }
}
