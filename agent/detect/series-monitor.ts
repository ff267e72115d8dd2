import type { AnomalyRule } from "./anomaly-rule.ts";
import { type Finding, NO_FINDINGS, type Subject } from "./finding.ts";
import type { LimitMonitor } from "./limits.ts";

export interface SeriesMonitorOptions {
  subject: Subject;
  limits?: LimitMonitor | undefined;
  anomaly?: AnomalyRule | undefined;
}

/** All that watches one series. Pure: the same readings give the same findings. */
export class SeriesMonitor {
  readonly #subject: Subject;
  readonly #limits: LimitMonitor | undefined;
  readonly #anomaly: AnomalyRule | undefined;

  constructor(options: SeriesMonitorOptions) {
    this.#subject = options.subject;
    this.#limits = options.limits;
    this.#anomaly = options.anomaly;
  }

  /**
   * Judges a good or uncertain reading, in order of time.
   * @param value finite
   */
  judge(ts: number, value: number): readonly Finding[] {
    let found = this.#limits?.judge(ts, value, this.#subject, undefined);
    if (this.#anomaly) found = this.#anomaly.judge(ts, value, this.#subject, found);
    return found ?? NO_FINDINGS;
  }
}
