/** The running sources of readings, each by what it is made of: they come and go with the settings. */
import type { GatewaySettings } from "#config/gateway.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { devicesOn, keyText, type SourceKey, sourceBases } from "./reload/source-bases.ts";
import type { Intake, Source, SourceStatus } from "./sources/contract.ts";
import { KeptPart } from "./sources/kept-part.ts";
import type { GuestLink } from "./sources/modbus/link.ts";
import { ModbusBus } from "./sources/modbus/modbus-bus.ts";
import { MqttBroker } from "./sources/mqtt/mqtt-broker.ts";
import { RemoteBroker } from "./sources/mqtt/remote-broker.ts";
import { SerialLine } from "./sources/serial/serial-line.ts";

export interface SourceParts {
  intake: Intake;
  /** What readings are stamped by. */
  clock: Clock;
  /** Wall time, right or not: for what is said to others. */
  wallMs: () => number;
  random: Random;
  log: Logger;
  /** Of a source that cannot start. */
  onAlarm: (transition: AlarmTransition) => void;
}

export class SourceSet {
  readonly #parts: SourceParts;
  readonly #sources = new Map<string, KeptPart<Source>>();

  constructor(parts: SourceParts) {
    this.#parts = parts;
  }

  get broker(): MqttBroker | undefined {
    const source = this.#sources.get("broker")?.running;
    return source instanceof MqttBroker ? source : undefined;
  }

  get statuses(): SourceStatus[] {
    return [...this.#sources.values()].flatMap((kept) => statusOf(kept) ?? []);
  }

  /** The way of a command to a Modbus bus. */
  guestLink(bus: string): GuestLink | undefined {
    const source = this.#sources.get(keyText({ kind: "bus", name: bus }))?.running;
    return source instanceof ModbusBus ? source.guestLink : undefined;
  }

  async startAll(settings: GatewaySettings): Promise<void> {
    await this.start(
      sourceBases(settings).map(({ key }) => key),
      settings,
    );
  }

  async stopAll(): Promise<void> {
    for (const source of this.#sources.values()) await source.stop();
  }

  /** What cannot start is tried again by itself, and says so in its status. */
  async start(keys: readonly SourceKey[], settings: GatewaySettings): Promise<void> {
    for (const key of keys) {
      const source = this.#keep(key, settings);
      this.#sources.set(keyText(key), source);
      await source.start();
    }
  }

  /** Waits for what is being accepted: what was read is stored. */
  async stop(keys: readonly SourceKey[]): Promise<void> {
    for (const key of keys) {
      const source = this.#sources.get(keyText(key));
      this.#sources.delete(keyText(key));
      await source?.stop();
    }
  }

  /** Those that could not start: what they lack may be there now. */
  async retryStopped(): Promise<void> {
    for (const source of this.#sources.values()) await source.tryAgain();
  }

  #keep(key: SourceKey, settings: GatewaySettings): KeptPart<Source> {
    const { clock, wallMs, random, log, onAlarm } = this.#parts;
    const name = keyText(key);
    return new KeptPart({
      name,
      consequence: `Nothing comes from ${name}`,
      priority: "high",
      make: () => this.#create(key, settings),
      clock,
      wallMs,
      random: random.fork(`start of ${name}`),
      log,
      onAlarm,
    });
  }

  #create(key: SourceKey, settings: GatewaySettings): Source {
    const { intake, clock, wallMs, log } = this.#parts;
    const { mqtt } = settings;
    const { maxAhead: aheadMaxMs, maxBehind: behindMaxMs = Number.POSITIVE_INFINITY } =
      settings.clock;
    const stampLimits = { aheadMaxMs, behindMaxMs };
    if (key.kind === "broker") {
      if (!mqtt?.broker) throw unknown(key);
      const { broker, topics, sparkplug, alarmTopic } = mqtt;
      return new MqttBroker({
        settings: broker,
        topics,
        sparkplug,
        alarmTopic,
        stampLimits,
        intake,
        clock,
        wallMs,
        log,
      });
    }
    const { name } = key;
    const random = this.#parts.random.fork(keyText(key));
    if (key.kind === "bus") return this.#createBus(name, settings, random);
    const remote = mqtt?.remotes[name];
    const parts = { stampLimits, intake, clock, wallMs, random, log };
    if (!remote) throw unknown(key);
    return new RemoteBroker({ name, settings: remote, ...parts });
  }

  #createBus(name: string, settings: GatewaySettings, random: Random): Source {
    const { intake, clock, log } = this.#parts;
    const bus = settings.buses[name];
    const devices = devicesOn(settings, name);
    if (!bus) throw unknown({ kind: "bus", name });
    if ("modbus" in bus) {
      return new ModbusBus({ name, settings: bus, devices, intake, clock, random, log });
    }
    const [device = name] = Object.keys(devices);
    const tags = devices[device]?.tags ?? {};
    return new SerialLine({ name, settings: bus, device, tags, intake, clock, random, log });
  }
}

function statusOf({ part, reason }: KeptPart<Source>): SourceStatus | undefined {
  const status = part?.status();
  if (!status || reason === undefined) return status;
  return { ...status, state: "stopped", detail: reason };
}

function unknown(key: SourceKey): Error {
  return new Error(`the settings have no ${keyText(key)}`);
}
