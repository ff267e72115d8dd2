/**
 * Makes what watches a series. Series of the same settings share all but what is known of them and
 * their limits: often each tag has limits of its own, and little else.
 */
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
    return new SeriesMonitor(this.#planOf(settings), subject, settings.limits);
  }

  #planOf({ detect, stale, counter, limits }: WatchSettings): MonitorPlan {
    const watched = { ...detect, while: undefined, group: undefined };
    const hasRate = limits?.rate !== undefined;
    const key = JSON.stringify([limits !== undefined, hasRate, watched, stale, counter]);
    const known = this.#plans.get(key);
    if (known) return known;
    const plan = new MonitorPlan({ detect, stale, counter, limits });
    this.#plans.set(key, plan);
    return plan;
  }
}
