/**
 * The agent's composition root: makes the parts, connects them along the data's path, and starts and
 * stops them in an order in which nothing is handed to a part that is not there.
 */

import { hubAccessOf } from "#config/event-hubs.ts";
import type { SerialBusSettings } from "#config/gateway/serial-bus.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { StoreAndForward } from "./buffer/store-and-forward.ts";
import { busRoutes } from "./control/bus-routes.ts";
import { controlPathOf } from "./control/control-path.ts";
import { ControlServer } from "./control/control-server.ts";
import { statusRoutes } from "./control/status-routes.ts";
import { AgentApi } from "./http/agent-api.ts";
import type { AgentStatus, AgentView } from "./http/contract.ts";
import { ReadingIntake } from "./intake/reading-intake.ts";
import type { Source } from "./sources/contract.ts";
import type { GuestLink } from "./sources/modbus/link.ts";
import { ModbusBus } from "./sources/modbus/modbus-bus.ts";
import { MqttBroker } from "./sources/mqtt/mqtt-broker.ts";
import { RemoteBroker } from "./sources/mqtt/remote-broker.ts";
import { SerialLine } from "./sources/serial/serial-line.ts";
import { makeProducer } from "./uplink/hub-client.ts";
import { Uplink } from "./uplink/uplink.ts";

export interface AgentOptions {
  settings: GatewaySettings;
  /** Of this machine: a copied buffer is told by it. */
  machineId: string;
  clock: Clock;
  random: Random;
  log: Logger;
  /** CPU time used and memory held by this process. */
  resources: () => { cpuMs: number; rssBytes: number };
}

/** A synced write takes milliseconds, on a worn card seconds. */
const WRITE_MS_MAX = 60_000;

export class Agent {
  readonly #options: AgentOptions;
  readonly #buffer: StoreAndForward;
  readonly #startedAtMs: number;
  #uplink: Uplink | undefined;
  #api: AgentApi | undefined;
  #control: ControlServer | undefined;
  #broker: MqttBroker | undefined;
  #sources: Source[] = [];

  constructor(options: AgentOptions) {
    const { settings, machineId, clock, random, log } = options;
    const { buffer } = settings;
    this.#options = options;
    this.#startedAtMs = clock.monotonic();
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
  }

  get httpPort(): number {
    return this.#api?.port ?? 0;
  }

  /** The embedded broker's port; undefined where the configuration has no broker. */
  get mqttPort(): number | undefined {
    return this.#broker?.port;
  }

  /**
   * Starts everything, the sources last: what they bring then has somewhere to go.
   * @throws PenstockError BUFFER_LOCKED, BUFFER_FAILED, LISTEN_FAILED
   */
  async start(): Promise<void> {
    const { settings, clock, random, log } = this.#options;
    await this.#buffer.start();
    const intake = new ReadingIntake({
      site: settings.site,
      devices: settings.devices,
      lanes: this.#buffer.lanes,
      buffer: this.#buffer,
      clock,
      log,
      onAlarm: (transition) => this.#announce(transition),
    });
    this.#buffer.onAlarm((transition) => intake.raiseOwn(transition));
    if (settings.uplink) {
      const { eventHubs, linger, bandwidth, backlog } = settings.uplink;
      const access = hubAccessOf(eventHubs);
      this.#uplink = new Uplink({
        makeClient: (timeoutMs) => makeProducer(access, timeoutMs),
        lingerMs: linger,
        bytesPerSecond: bandwidth,
        backlogShare: backlog.share,
        buffer: this.#buffer,
        clock,
        random: random.fork("uplink"),
        log,
        onAlarm: (transition) => intake.raiseOwn(transition),
      });
      this.#uplink.start();
    }
    const { host, port } = settings.http.listen;
    const view = this.#view(intake);
    this.#api = new AgentApi({ host, port, view, clock, log });
    await this.#api.start();
    this.#sources = this.#createSources(intake);
    for (const source of this.#sources) await source.start();
    const path = controlPathOf(settings.buffer.path);
    const routes = { ...statusRoutes(view), ...busRoutes((bus) => this.#guestLink(bus)) };
    this.#control = new ControlServer({ path, routes, clock, log });
    await this.#control.start();
  }

  /** What stands still, as a sentence; undefined while work goes on. */
  stalled(): string | undefined {
    const { writingForMs } = this.#buffer;
    if (writingForMs < WRITE_MS_MAX) return undefined;
    return `the buffer has been writing for ${Math.round(writingForMs / 1000)} s`;
  }

  /** Ends in the order of the data's path; what is accepted is stored, what is stored stays. */
  async stop(): Promise<void> {
    await this.#control?.stop();
    for (const source of this.#sources) await source.stop();
    await this.#uplink?.stop();
    await this.#buffer.stop();
    await this.#api?.stop();
  }

  #createSources(intake: ReadingIntake): Source[] {
    const { settings, clock, random, log } = this.#options;
    const sources: Source[] = [];
    if (settings.mqtt?.broker) {
      const { broker, topics, sparkplug, alarmTopic } = settings.mqtt;
      const parts = { topics, sparkplug, alarmTopic, intake, clock, log };
      this.#broker = new MqttBroker({ settings: broker, ...parts });
      sources.push(this.#broker);
    }
    for (const [name, remote] of Object.entries(settings.mqtt?.remotes ?? {})) {
      const fork = random.fork(`remote ${name}`);
      sources.push(new RemoteBroker({ name, settings: remote, intake, clock, random: fork, log }));
    }
    for (const [name, bus] of Object.entries(settings.buses)) {
      const fork = random.fork(`bus ${name}`);
      const devices = devicesOf(settings, name);
      sources.push(
        "modbus" in bus
          ? new ModbusBus({ name, settings: bus, devices, intake, clock, random: fork, log })
          : this.#createLine(name, bus, devices, intake, fork),
      );
    }
    return sources;
  }

  #createLine(
    name: string,
    settings: SerialBusSettings,
    devices: GatewaySettings["devices"],
    intake: ReadingIntake,
    random: Random,
  ): SerialLine {
    const { clock, log } = this.#options;
    const [device = name] = Object.keys(devices);
    const tags = devices[device]?.tags ?? {};
    return new SerialLine({ name, settings, device, tags, intake, clock, random, log });
  }

  #guestLink(bus: string): GuestLink | undefined {
    const source = this.#sources.find((candidate) => candidate.status().name === bus);
    return source instanceof ModbusBus ? source.guestLink : undefined;
  }

  #announce(transition: AlarmTransition): void {
    this.#api?.publishAlarm(transition);
    const topic = this.#options.settings.mqtt?.alarmTopic;
    if (!this.#broker || topic === undefined) return;
    const { device, tag } = transition;
    this.#broker.publish(`${topic}/${device}/${tag}`, JSON.stringify(transition));
  }

  #view(intake: ReadingIntake): AgentView {
    return {
      values: intake.values,
      alarms: intake.alarms,
      status: () => this.#status(intake),
      problems: () => this.#problems(),
    };
  }

  /** An uplink that fails is no problem of the gateway's own: local work goes on for days. */
  #problems(): string[] {
    const { state } = this.#buffer.status();
    const buffer = state === "failing" ? ["the buffer cannot be written"] : [];
    const sources = this.#sources
      .map((source) => source.status())
      .filter((status) => status.state === "stopped")
      .map((status) => `${status.name} is stopped`);
    return [...buffer, ...sources];
  }

  #status(intake: ReadingIntake): AgentStatus {
    const { settings, clock, resources } = this.#options;
    const { readingsBySource, ...buffer } = this.#buffer.status();
    return {
      program: "agent",
      gateway: settings.gateway,
      epoch: this.#buffer.epoch,
      uptimeMs: Math.round(clock.monotonic() - this.#startedAtMs),
      sources: this.#sources.map((source) => source.status()),
      buffer,
      uplink: this.#uplink?.status() ?? {},
      intake: intake.counters,
      readings: { bySource: readingsBySource },
      alarms: { active: intake.alarms.activeCount, raised: intake.alarms.raised },
      ...resources(),
    };
  }
}

/** The devices on a bus. */
function devicesOf(settings: GatewaySettings, bus: string): GatewaySettings["devices"] {
  return Object.fromEntries(
    Object.entries(settings.devices).filter(([, device]) => device.bus === bus),
  );
}
