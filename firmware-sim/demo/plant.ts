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
import { Simulator } from "../simulator.ts";

export interface PlantSettings {
  seed: number;
  /** All, polled ones included; those on the serial line come on top. */
  sensors: number;
  rateHz: number;
  connections: number;
  /** Modbus units of ten sensors; none: no serial line either. */
  units: number;
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

  /** Gives what the gateway's configuration must hold to poll them. */
  async startPolled(): Promise<GatewayFragment> {
    const { seed, units } = this.#settings;
    if (units === 0) return this.#fragment;
    const simulator = this.#simulator({ seed, modbus: { port: 0, units }, serial: true });
    const { modbusPort, serialPath } = await simulator.start();
    this.#fragment = gatewayFragment({ modbusPort, units, serialPath });
    return this.#fragment;
  }

  async startPublishing(mqttPort: number): Promise<void> {
    const { seed, sensors, rateHz, connections, units } = this.#settings;
    const published = sensors - units * TAGS_PER_DEVICE;
    if (published <= 0) return;
    const mqtt = { host: "127.0.0.1", port: mqttPort, sensors: published, rateHz, connections };
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

  #simulator(settings: ConstructorParameters<typeof Simulator>[0]): Simulator {
    const simulator = new Simulator(settings, {
      ledger: this.#ledger,
      clock: this.#clock,
      // Lost connections are what `--chaos` is about: the progress line shows who is down.
      log: silentLogger,
    });
    this.#simulators.push(simulator);
    return simulator;
  }
}
