/**
 * The simulated plant: everything that a gateway can be connected to, from one seed and one timer.
 * Nothing is opened before `start`.
 */
import type { Clock, Timer } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import type { FaultLabel } from "./faults/fault.ts";
import { FaultLabels } from "./faults/fault-injector.ts";
import { MqttFleet, type MqttFleetStats } from "./fleet/mqtt-fleet.ts";
import type { LedgerWriter } from "./ledger/contract.ts";
import { TAGS_PER_DEVICE } from "./signals/device-model.ts";
import { SAMPLES_PER_MINUTE_MAX } from "./signals/distinct-digits.ts";

/** Above this, the digits that keep values distinct would no longer fit. */
export const RATE_HZ_MAX = Math.floor(SAMPLES_PER_MINUTE_MAX / 60);

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
    /** Unacknowledged messages a connection keeps before its devices hold back. Default 2000. */
    windowMessages?: number;
    /** Client ids are this and a number: stable over runs. Default `sim`. */
    clientPrefix?: string;
  };
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
}

export interface SimulatorStats {
  mqtt: MqttFleetStats | undefined;
  /** Faults planted so far. */
  faults: number;
}

const TICK_MS = 5;

export class Simulator {
  readonly #parts: SimulatorParts;
  readonly #labels = new FaultLabels();
  readonly #mqtt: MqttFleet | undefined;
  #timer: Timer | undefined;

  constructor(settings: SimulatorSettings, parts: SimulatorParts) {
    this.#parts = parts;
    const { mqtt, seed, faultsPerHour = 6, warmUpMs = 15_000 } = settings;
    if (!mqtt) return;
    const { sensors, windowMessages = 2000, clientPrefix = "sim", ...rest } = mqtt;
    this.#mqtt = new MqttFleet(
      {
        ...rest,
        devices: Math.ceil(sensors / TAGS_PER_DEVICE),
        windowMessages,
        clientPrefix,
        faultsPerHour,
        warmUpMs,
      },
      { ...parts, labels: this.#labels, random: createRandom(seed) },
    );
  }

  async start(): Promise<Listening> {
    const { clock } = this.#parts;
    this.#mqtt?.start();
    this.#timer = clock.every("simulator", TICK_MS, () => this.#mqtt?.tick(clock.monotonic()));
    return { devices: this.#mqtt?.deviceNames.length ?? 0 };
  }

  /**
   * Stops producing and waits until all that was sent is acknowledged, at most `deadlineMs`.
   * Resolves with the number of messages that are not.
   */
  async quiesce(deadlineMs: number): Promise<number> {
    const { clock } = this.#parts;
    this.#mqtt?.stopProducing();
    const endMs = clock.monotonic() + deadlineMs;
    while (this.unacknowledged > 0 && clock.monotonic() < endMs) {
      await clock.sleep(TICK_MS, { name: "simulator quiesce" });
    }
    return this.unacknowledged;
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#mqtt?.stop();
  }

  /** Messages sent, or waiting to be sent, that have no PUBACK yet. */
  get unacknowledged(): number {
    return this.#mqtt?.unacknowledged ?? 0;
  }

  /** The truth about planted faults: what a detector should have found. */
  faultLabels(): readonly FaultLabel[] {
    return this.#labels.list();
  }

  stats(): SimulatorStats {
    return { mqtt: this.#mqtt?.stats(), faults: this.#labels.list().length };
  }
}
