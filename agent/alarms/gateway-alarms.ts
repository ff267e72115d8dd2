/** The gateway's alarms with all that they need: the disk, the desk, and whoever is told. */
import { resolve } from "node:path";
import { policyOf } from "#config/alarms/policy-of.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { nearest } from "#config/nearest.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { AlarmDesk, type Telling } from "./alarm-desk.ts";
import type { AlarmCounts } from "./contract.ts";
import { type NewestValue, PlantFacts } from "./plant-facts.ts";
import type { IsWatched } from "./settlement.ts";
import { type AlarmStoreStatus, LevelAlarmStore } from "./store/level-alarm-store.ts";
import { StoreWatch } from "./store-watch.ts";

export interface GatewayAlarmsOptions {
  settings: GatewaySettings;
  valuesOf: (device: string) => Iterable<NewestValue>;
  isWatched: IsWatched;
  onMaintenance: () => void;
  /** An alarm of the gateway's own: to be taken in, and passed on, like any other. */
  onAlarm: (transition: AlarmTransition) => void;
  clock: Clock;
  random: Random;
  log: Logger;
}

/** Nobody is named in the file. */
const NOBODY: Telling = { entriesFor: () => [], offer: () => {}, refresh: () => {} };

export class GatewayAlarms {
  readonly desk: AlarmDesk;
  readonly #facts: PlantFacts;
  readonly #store: LevelAlarmStore;
  readonly #watch: StoreWatch;

  constructor(options: GatewayAlarmsOptions) {
    const { settings, valuesOf, isWatched, onMaintenance, onAlarm, clock, random, log } = options;
    const folder = `${resolve(settings.buffer.path)}.alarms`;
    this.#facts = new PlantFacts(settings, valuesOf);
    this.#store = new LevelAlarmStore({ folder, clock, random: random.fork("alarms"), log });
    this.desk = new AlarmDesk({
      store: this.#store,
      policy: policyOf(settings.alarms.policy, "arrival"),
      facts: this.#facts,
      nearest,
      isWatched,
      onMaintenance,
      onAlarm,
      clock,
      log,
    });
    this.#watch = new StoreWatch({
      store: this.#store,
      isActive: (place) => this.desk.isActive(place),
      onAlarm,
      clock,
      log,
    });
  }

  /** To be called while the lock of the buffer beside it is held. */
  async start(): Promise<void> {
    await this.desk.load();
    this.desk.start(NOBODY);
    this.#watch.start();
  }

  /** To be called behind the last reading. */
  async stop(): Promise<void> {
    await this.#watch.stop();
    this.desk.stop();
    await this.#store.stop();
  }

  reconfigure(settings: GatewaySettings): void {
    this.#facts.reconfigure(settings);
    this.desk.reconfigure(policyOf(settings.alarms.policy, "arrival"));
  }

  status(): AlarmCounts & { readonly store: AlarmStoreStatus } {
    return { ...this.desk.counts(), store: this.#store.status };
  }
}
