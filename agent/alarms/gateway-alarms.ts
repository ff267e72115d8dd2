/** The gateway's alarms with all that they need: the disk, the desk, and whoever is told. */
import { resolve } from "node:path";
import { policyOf } from "#config/alarms/policy-of.ts";
import { recipientsOf } from "#config/alarms/recipients-of.ts";
import { nearest } from "#config/faults/nearest.ts";
import { GATEWAY_ALARM_SETTINGS } from "#config/gateway/alarms.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { Mirror } from "#core/notify/contract.ts";
import { type ChannelStatus, Notifications, type TestOutcome } from "#core/notify/notifications.ts";
import type { WiredChannel } from "#core/notify/recipient.ts";
import { GATEWAY_DEVICE } from "#core/own-names.ts";
import type { Random } from "#core/random.ts";
import { AlarmDesk } from "./alarm-desk.ts";
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
  /** A lamp, horn or display on a bus. */
  makeSignal: (channel: WiredChannel) => Mirror;
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface GatewayAlarmsStatus extends AlarmCounts {
  /** On their way to recipients. */
  readonly waitingNotices: number;
  /** Where the states are kept. */
  readonly store: AlarmStoreStatus;
}

export class GatewayAlarms {
  readonly desk: AlarmDesk;
  /** Those who are told: how they can be reached, and a way to try it. */
  readonly recipients = {
    status: (): ChannelStatus[] => this.#notifications?.status() ?? [],
    test: async (recipient: string, signal: AbortSignal): Promise<TestOutcome[] | undefined> =>
      await this.#notifications?.test(recipient, signal),
  };
  readonly #options: GatewayAlarmsOptions;
  readonly #facts: PlantFacts;
  readonly #store: LevelAlarmStore;
  readonly #watch: StoreWatch;
  #notifications: Notifications | undefined;

  constructor(options: GatewayAlarmsOptions) {
    const { settings, valuesOf, isWatched, onMaintenance, onAlarm, clock, random, log } = options;
    this.#options = options;
    const folder = `${resolve(settings.buffer.path)}.alarms`;
    this.#facts = new PlantFacts(settings, valuesOf);
    this.#store = new LevelAlarmStore({ folder, clock, random: random.fork("alarms"), log });
    this.desk = new AlarmDesk({
      store: this.#store,
      policy: policyOf(settings.alarms.policy),
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
      takenOff: () => this.desk.takenOff,
      isActive: (place) => this.desk.isActive(place),
      onAlarm,
      clock,
      log,
    });
  }

  /** To be called while the lock of the buffer beside it is held. */
  async start(): Promise<void> {
    await this.desk.load();
    const notifications = this.#notify(this.#options.settings);
    this.desk.start(notifications);
    this.#watch.start();
  }

  /** To be called behind the last reading. */
  async stop(): Promise<void> {
    await this.#watch.stop();
    this.desk.stop();
    await this.#notifications?.stop();
    await this.#store.stop();
  }

  /**
   * What waits for a recipient that is still there is told by its new way.
   * @param isToldOtherwise who is told of alarms, or how, differs
   */
  async reconfigure(settings: GatewaySettings, isToldOtherwise: boolean): Promise<void> {
    this.#facts.reconfigure(settings);
    this.desk.reconfigure(policyOf(settings.alarms.policy));
    if (!isToldOtherwise) return;
    await this.#notifications?.stop();
    const notifications = this.#notify(settings);
    this.desk.tellThrough(notifications);
    notifications.resume();
  }

  status(): GatewayAlarmsStatus {
    const waitingNotices = this.recipients.status().reduce((sum, { waiting }) => sum + waiting, 0);
    return { ...this.desk.counts(), waitingNotices, store: this.#store.status };
  }

  #notify(settings: GatewaySettings): Notifications {
    const { onAlarm, makeSignal, clock, random, log } = this.#options;
    const notifications = new Notifications({
      recipients: recipientsOf(settings.alarms, GATEWAY_ALARM_SETTINGS),
      device: GATEWAY_DEVICE,
      gateway: settings.gateway,
      names: this.#facts,
      states: () => this.desk.states(),
      commit: (write) => this.desk.commitOutbox(write),
      onAlarm,
      makeSignal,
      clock,
      random: random.fork("notices"),
      log,
    });
    notifications.start(this.desk.outbox());
    this.#notifications = notifications;
    return notifications;
  }
}
