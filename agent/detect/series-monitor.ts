import type { AnomalyRule } from "./anomaly-rule.ts";
import { type Finding, NO_FINDINGS, type Subject } from "./finding.ts";
import type { LimitMonitor } from "./limits.ts";
import type { StuckRule } from "./stuck-rule.ts";

export interface SeriesMonitorOptions {
  subject: Subject;
  limits?: LimitMonitor | undefined;
  anomaly?: AnomalyRule | undefined;
  stuck?: StuckRule | undefined;
}

/** Beyond this, differences and squares overflow: no measurement, and it would spoil all means. */
const LEARNT_MAX = 1e100;

/** All that watches one series. Pure: the same readings give the same findings. */
export class SeriesMonitor {
  readonly #subject: Subject;
  readonly #limits: LimitMonitor | undefined;
  readonly #anomaly: AnomalyRule | undefined;
  readonly #stuck: StuckRule | undefined;

  constructor(options: SeriesMonitorOptions) {
    this.#subject = options.subject;
    this.#limits = options.limits;
    this.#anomaly = options.anomaly;
    this.#stuck = options.stuck;
  }

  /** How unusual the last value was, 0 to 1; from 0.5 on it raised an alarm. */
  get score(): number {
    return this.#anomaly?.lastScore ?? 0;
  }

  /**
   * Judges a good or uncertain reading, in order of time.
   * @param value finite
   * @param isStanding the machine is not running: its limits hold, and nothing is learnt
   */
  judge(ts: number, value: number, isStanding = false): readonly Finding[] {
    let found = this.#limits?.judge(ts, value, this.#subject, undefined);
    if (isStanding) {
      if (this.#anomaly) found = this.#anomaly.stand(ts, value, this.#subject, found);
      if (this.#stuck) found = this.#stuck.stand(ts, value, this.#subject, found);
      return found ?? NO_FINDINGS;
    }
    if (this.#anomaly && Math.abs(value) <= LEARNT_MAX)
      found = this.#anomaly.judge(ts, value, this.#subject, found);
    if (this.#stuck) found = this.#stuck.judge(ts, value, this.#subject, found);
    return found ?? NO_FINDINGS;
  }
}
