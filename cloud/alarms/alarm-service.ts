/** The sink's alarms: the desk with its model, its rules and its notices. */

import type { SinkAlarmSettings } from "#config/sink/alarms.ts";
import { AlarmBoard } from "#core/alarms/alarm-board.ts";
import { ALARM_POLICY } from "#core/alarms/policy.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import type { DurationHistogram } from "#core/histogram.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Store } from "../store/contract.ts";
import type { DeskLease, KeptDesk } from "../store/desk-contract.ts";
import { AlarmDesk, type OpenTerm } from "./alarm-desk.ts";
import { DeskTerm } from "./desk-term.ts";
import { Judge, type LagMeasure } from "./judge.ts";
import { LatencyReport } from "./latency-report.ts";
import { PlantFacts } from "./plant-facts.ts";

const REGISTRY_EVERY_MS = 60_000;

export interface AlarmServiceOptions {
  readonly settings: SinkAlarmSettings;
  readonly store: Store;
  /** Unlike any other's, also of other processes. */
  readonly owner: string;
  /** Of this process, for people. */
  readonly name: string;
  readonly latency: DurationHistogram;
  /** How far the sinks are behind the hub; undefined while that cannot be told. */
  readonly lag: () => Promise<LagMeasure | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onFatal: (error: unknown) => void;
}

export class AlarmService {
  readonly #options: AlarmServiceOptions;
  readonly #log: RateLimitedLog;
  readonly #desk: AlarmDesk;
  readonly #report: LatencyReport;

  constructor(options: AlarmServiceOptions) {
    this.#options = options;
    const { store, owner, name, latency, clock, onFatal } = options;
    const log = new RateLimitedLog(options.log, clock);
    this.#log = log;
    const desk = (): Store["desk"] => store.desk;
    const open = (lease: DeskLease, kept: KeptDesk): OpenTerm => this.#openTerm(lease, kept);
    this.#desk = new AlarmDesk({ desk, owner, open, clock, log, onFatal });
    this.#report = new LatencyReport({ desk, name, latency, clock, log });
  }

  /** The store is started. */
  start(): void {
    this.#desk.start();
    this.#report.start();
  }

  /** Before the store is stopped. */
  async stop(): Promise<void> {
    await this.#report.stop();
    await this.#desk.stop();
  }

  /** Whether this process keeps the alarms of the database. */
  get isHeld(): boolean {
    return this.#desk.isHeld;
  }

  /** Transitions were taken in. */
  nudge(): void {
    this.#desk.nudge();
  }

  #openTerm(lease: DeskLease, kept: KeptDesk): OpenTerm {
    const { store, settings, lag, clock } = this.#options;
    const nowMs = (): number => clock.now();
    const facts = new PlantFacts(settings.rules);
    // Across live data and a backlog, the time of a transition decides which is the later one.
    const board = new AlarmBoard({ ...ALARM_POLICY, order: "time" }, kept, facts);
    const judge = new Judge({ ...settings, store, lag, nowMs });
    const ended = judge.load(kept.memory);
    const { cursor } = kept;
    const options = { desk: store.desk, lease, cursor, board, judge, nowMs };
    const term = new DeskTerm(options);
    let registry: Timer | undefined;
    return {
      term,
      start: async () => {
        await this.#learn(facts);
        registry = clock.every("registry", REGISTRY_EVERY_MS, () => void this.#learn(facts));
        if (!ended.isEmpty) await term.commit(ended.write);
      },
      stop: async () => registry?.cancel(),
    };
  }

  async #learn(facts: PlantFacts): Promise<void> {
    try {
      facts.replace(await this.#options.store.devices());
    } catch (error) {
      this.#log.warn("registry", { reason: messageOf(error) }, "notices lack units and sites");
    }
  }
}
