/** The sink's alarms: the desk, what works while this process holds it, and this process' report. */
import { recipientsOf } from "#config/alarms/recipients-of.ts";
import { SINK_ALARM_SETTINGS, type SinkAlarmSettings } from "#config/sink/alarms.ts";
import type { Clock } from "#core/clock.ts";
import type { DurationHistogram } from "#core/histogram.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { AlarmRow } from "../store/alarm-row.ts";
import type { Store } from "../store/contract.ts";
import { AlarmDesk } from "./alarm-desk.ts";
import type { LagMeasure } from "./judge.ts";
import { LatencyReport } from "./latency-report.ts";
import { openTerm } from "./open-term.ts";

export interface AlarmServiceOptions {
  readonly settings: SinkAlarmSettings;
  /** Where the settings stand: notices name it in the command that acknowledges. */
  readonly file: string;
  readonly store: Store;
  /** Unlike any other's, also of other processes. */
  readonly owner: string;
  /** Of this process, for people. */
  readonly name: string;
  readonly latency: DurationHistogram;
  /** How far the sinks are behind the hub; undefined while that cannot be told. */
  readonly lag: () => LagMeasure | undefined;
  /** Transitions of the sink's own rules, just now. */
  readonly onRaised: (alarms: readonly AlarmRow[]) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onFatal: (error: unknown) => void;
}

export class AlarmService {
  readonly #desk: AlarmDesk;
  readonly #report: LatencyReport;

  constructor(options: AlarmServiceOptions) {
    const { settings, store, owner, name, latency, clock, onFatal } = options;
    const limitedLog = new RateLimitedLog(options.log, clock);
    const recipients = recipientsOf(settings, SINK_ALARM_SETTINGS);
    const onStored = (): void => this.nudge();
    const term = { ...options, recipients, onStored, limitedLog };
    const desk = (): Store["desk"] => store.desk;
    this.#desk = new AlarmDesk({
      desk,
      owner,
      open: (lease, kept) => openTerm(term, lease, kept),
      onRaised: options.onRaised,
      clock,
      log: limitedLog,
      onFatal,
    });
    this.#report = new LatencyReport({ desk, name, latency, clock, log: limitedLog });
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
}
