/**
 * The simulated plant of a demo: devices that are polled, which must listen before the gateway is
 * configured, and devices that publish, which need the gateway's broker.
 */
import type { Clock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { type GatewayFragment, gatewayFragment } from "../gateway-fragment.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { PolledSource } from "../ledger/polled-sources.ts";
import { TAGS_PER_DEVICE } from "../signals/device-model.ts";
import { Simulator, type SimulatorSettings } from "../simulator.ts";
import type { ConfiguredDevices } from "./config-files.ts";
import { type WatchedDevice, watchedDevices } from "./watched-devices.ts";

/** No fault is planted earlier. Limits need no learning, so that a short run has alarms, too. */
const WARM_UP_MS = 5000;

export interface PlantSettings {
  seed: number;
  /** All, polled ones included; those on the serial line come on top. */
  sensors: number;
  rateHz: number;
  connections: number;
  /** Modbus units of ten sensors; none: no serial line either. */
  units: number;
  /** Planted faults a device and hour. */
  faultsPerHour: number;
}

export class Plant {
  readonly #settings: PlantSettings;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #simulators: Simulator[] = [];
  #fragment: GatewayFragment = { buses: {}, devices: {} };

  constructor(settings: PlantSettings, ledger: Ledger, clock: Clock) {
    this.#settings = settings;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Gives what the gateway's configuration must hold of the plant. */
  async startPolled(): Promise<ConfiguredDevices> {
    const { seed, units } = this.#settings;
    if (units > 0) {
      const simulator = this.#simulator({ seed, modbus: { port: 0, units }, serial: true });
      const { modbusPort, serialPath } = await simulator.start();
      this.#fragment = gatewayFragment({ modbusPort, units, serialPath });
    }
    const { buses, devices } = this.#fragment;
    return { buses, devices: { ...devices, ...this.watched() } };
  }

  /** The configuration of devices that publish. */
  watched(): Record<string, WatchedDevice> {
    return watchedDevices(Math.ceil(this.#published / TAGS_PER_DEVICE));
  }

  async startPublishing(mqttPort: number): Promise<void> {
    const { seed, rateHz, connections } = this.#settings;
    const sensors = this.#published;
    if (sensors <= 0) return;
    const mqtt = { host: "127.0.0.1", port: mqttPort, sensors, rateHz, connections };
    await this.#simulator({ seed, mqtt }).start();
  }

  /** Stops producing; gives the number of messages that stay unacknowledged after `deadlineMs`. */
  async quiesce(deadlineMs: number): Promise<number> {
    const open = await Promise.all(
      this.#simulators.map((simulator) => simulator.quiesce(deadlineMs)),
    );
    return open.reduce((sum, messages) => sum + messages, 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#simulators.map((simulator) => simulator.stop()));
  }

  /** What the agent's counters, by source, say of each polled source. */
  polledSources(storedBySource: Readonly<Record<string, number>>): PolledSource[] {
    const { buses, devices } = this.#fragment;
    return Object.keys(buses).map((name) => ({
      name,
      devices: Object.keys(devices).filter((device) => devices[device]?.bus === name),
      stored: storedBySource[name] ?? 0,
    }));
  }

  /** Sensors that publish. */
  get #published(): number {
    return this.#settings.sensors - this.#settings.units * TAGS_PER_DEVICE;
  }

  #simulator(settings: SimulatorSettings): Simulator {
    const { faultsPerHour } = this.#settings;
    const simulator = new Simulator(
      { ...settings, faultsPerHour, warmUpMs: WARM_UP_MS },
      {
        ledger: this.#ledger,
        clock: this.#clock,
        // Lost connections are what `--chaos` is about: the progress line shows who is down.
        log: silentLogger,
      },
    );
    this.#simulators.push(simulator);
    return simulator;
  }
}
