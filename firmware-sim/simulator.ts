/**
 * The simulated plant: everything that a gateway can be connected to, from one seed and one timer.
 * Nothing is opened before `start`.
 */
import type { Clock, Timer } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import type { FaultLabel } from "./faults/fault.ts";
import { FaultLabels } from "./faults/fault-injector.ts";
import { type FleetParts, MqttFleet, type MqttFleetStats } from "./fleet/mqtt-fleet.ts";
import type { LedgerWriter } from "./ledger/contract.ts";
import { createUnits } from "./modbus/create-units.ts";
import { ModbusPlant } from "./modbus/modbus-plant.ts";
import type { BankStats } from "./modbus/unit-bank.ts";
import type { UnitFault } from "./modbus/unit-fault.ts";
import type { LineFaultKind } from "./serial/line-fault.ts";
import { SerialLine, type SerialLineStats } from "./serial/serial-line.ts";
import { TAGS_PER_DEVICE } from "./signals/device-model.ts";

/** Above this, one tick of the timer would hold several turns of a device. */
export const RATE_HZ_MAX = 50;

export interface SimulatorSettings {
  seed: number;
  /** Publishing devices; left out: none. */
  mqtt?: {
    host: string;
    port: number;
    /** Ten a device; rounded up to whole devices. */
    sensors: number;
    /** Messages a device and second, up to `RATE_HZ_MAX`. */
    rateHz: number;
    connections: number;
    /**
     * Unacknowledged messages a connection keeps before its devices hold back. Default 2000, less
     * where there are more than 50 connections.
     */
    windowMessages?: number;
    /** Client ids are this and a number: stable over runs. Default `sim`. */
    clientPrefix?: string;
  };
  /** Units behind one Modbus TCP port; left out: none. */
  modbus?: {
    /** 0 lets the system pick. */
    port: number;
    /** Unit ids 1 to this, up to `UNITS_MAX`. */
    units: number;
    /** Default 127.0.0.1. */
    host?: string;
  };
  /** A scale on a serial line. Default false. */
  serial?: boolean;
  /** Planted faults a device and hour, on average. Default 6. */
  faultsPerHour?: number;
  /** No fault begins earlier, in ms after the start. Default 15 s. */
  warmUpMs?: number;
}

export interface SimulatorParts {
  ledger: LedgerWriter;
  clock: Clock;
  log: Logger;
}

/** What a simulator offers once it runs. */
export interface Listening {
  /** Publishing devices. */
  devices: number;
  modbusPort: number | undefined;
  /** To be opened as a serial port; undefined without one, or where no pty could be had. */
  serialPath: string | undefined;
}

export interface SimulatorStats {
  mqtt: MqttFleetStats | undefined;
  modbus: BankStats | undefined;
  serial: SerialLineStats | undefined;
  /** Faults planted so far. */
  faults: number;
}

const TICK_MS = 10;

export class Simulator {
  readonly #settings: SimulatorSettings;
  readonly #parts: SimulatorParts;
  readonly #labels = new FaultLabels();
  #mqtt: MqttFleet | undefined;
  #modbus: ModbusPlant | undefined;
  #serial: SerialLine | undefined;
  #timer: Timer | undefined;

  constructor(settings: SimulatorSettings, parts: SimulatorParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /**
   * Opens everything and begins to produce. A simulator starts once.
   * @throws PenstockError LISTEN_FAILED
   */
  async start(): Promise<Listening> {
    const { clock, ledger, log } = this.#parts;
    const random = createRandom(this.#settings.seed);
    const parts = { clock, ledger, log, random, labels: this.#labels };
    this.#modbus = this.#createModbus(parts);
    const modbusPort = await this.#modbus?.start();
    if (this.#settings.serial) {
      this.#serial = new SerialLine({ ...parts, random: random.fork("scale") });
    }
    const serialPath = await this.#serial?.start();
    this.#mqtt = this.#createMqtt(parts);
    this.#mqtt?.start();
    this.#timer = clock.every("simulator", TICK_MS, () => this.#tick());
    return { devices: this.#mqtt?.deviceNames.length ?? 0, modbusPort, serialPath };
  }

  /**
   * Stops producing and waits until all that was sent is acknowledged, at most `deadlineMs`.
   * Modbus units go on answering. Resolves with the number of messages that have no PUBACK.
   */
  async quiesce(deadlineMs: number): Promise<number> {
    const { clock } = this.#parts;
    this.#mqtt?.stopProducing();
    this.#serial?.stopProducing();
    const endMs = clock.monotonic() + deadlineMs;
    while (this.unacknowledged > 0 && clock.monotonic() < endMs) {
      await clock.sleep(TICK_MS, { name: "simulator quiesce" });
    }
    return this.unacknowledged;
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await Promise.all([this.#mqtt?.stop(), this.#modbus?.stop(), this.#serial?.stop()]);
  }

  /** Messages sent, or waiting to be sent, that have no PUBACK yet. */
  get unacknowledged(): number {
    return this.#mqtt?.unacknowledged ?? 0;
  }

  /** Cuts MQTT connection `index` (all, if left out) without a word; it comes back by itself. */
  cutMqtt(index?: number): void {
    this.#mqtt?.cut(index);
  }

  /** Makes a Modbus unit misbehave from now on; undefined heals it. */
  setModbusFault(unitId: number, fault: UnitFault | undefined): void {
    this.#modbus?.setFault(unitId, fault);
  }

  /**
   * Makes the serial line misbehave from now on; undefined heals it. Resolves with the path to
   * open, which is another one after the line was unplugged.
   */
  async setSerialFault(fault: LineFaultKind | undefined): Promise<string | undefined> {
    return await this.#serial?.setFault(fault);
  }

  /** The truth about planted faults: what a detector should have found. */
  faultLabels(): readonly FaultLabel[] {
    return this.#labels.list();
  }

  stats(): SimulatorStats {
    return {
      mqtt: this.#mqtt?.stats(),
      modbus: this.#modbus?.stats(),
      serial: this.#serial?.stats(),
      faults: this.#labels.list().length,
    };
  }

  #tick(): void {
    const nowMs = this.#parts.clock.monotonic();
    this.#mqtt?.tick(nowMs);
    this.#serial?.tick(nowMs);
  }

  #createMqtt(parts: FleetParts): MqttFleet | undefined {
    const { mqtt, ...settings } = this.#settings;
    if (!mqtt) return undefined;
    const { sensors, clientPrefix = "sim", ...rest } = mqtt;
    const { windowMessages = defaultWindow(mqtt.connections) } = mqtt;
    const devices = Math.ceil(sensors / TAGS_PER_DEVICE);
    const planted = faultsOf(settings);
    return new MqttFleet({ ...rest, devices, windowMessages, clientPrefix, ...planted }, parts);
  }

  #createModbus(parts: FleetParts): ModbusPlant | undefined {
    const { modbus, ...settings } = this.#settings;
    if (!modbus) return undefined;
    const { port, units, host = "127.0.0.1" } = modbus;
    const planted = { ...faultsOf(settings), startMs: parts.clock.now() };
    const byId = createUnits({ units, ...planted }, parts.labels, parts.random);
    return new ModbusPlant({ host, port }, byId, parts);
  }
}

/** A message takes about 1 KB until it is acknowledged. */
const UNACKNOWLEDGED_MAX = 100_000;
const WINDOW_MAX = 2000;

function defaultWindow(connections: number): number {
  return Math.min(WINDOW_MAX, Math.max(1, Math.floor(UNACKNOWLEDGED_MAX / connections)));
}

function faultsOf(settings: Pick<SimulatorSettings, "faultsPerHour" | "warmUpMs">): {
  faultsPerHour: number;
  warmUpMs: number;
} {
  const { faultsPerHour = 6, warmUpMs = 15_000 } = settings;
  return { faultsPerHour, warmUpMs };
}
