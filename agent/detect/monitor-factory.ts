/** Makes what watches a series. Series of the same settings share all but what is known of them. */
import type { Subject } from "./finding.ts";
import { MonitorPlan, type WatchSettings } from "./monitor-plan.ts";
import { SeriesMonitor } from "./series-monitor.ts";

export interface MonitorSettings extends WatchSettings {
  subject: Subject;
}

export class MonitorFactory {
  /** By the settings, as text. There are as many as the file tells apart. */
  readonly #plans = new Map<string, MonitorPlan>();

  create({ subject, ...settings }: MonitorSettings): SeriesMonitor {
    return new SeriesMonitor(this.#planOf(settings), subject);
  }

  #planOf({ limits, detect, stale, counter }: WatchSettings): MonitorPlan {
    const key = JSON.stringify([limits, { ...detect, while: undefined }, stale, counter]);
    const known = this.#plans.get(key);
    if (known) return known;
    const plan = new MonitorPlan({ limits, detect, stale, counter });
    this.#plans.set(key, plan);
    return plan;
  }
}
