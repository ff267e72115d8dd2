/**
 * Makes what watches a series. Series of the same settings share all but what is known of them and
 * their limits: often each tag has limits of its own, and little else.
 */
import type { Subject } from "./finding.ts";
import { LimitRule } from "./limits.ts";
import { MonitorPlan, type WatchSettings } from "./monitor-plan.ts";
import { RateRule } from "./rate-rule.ts";
import type { Rule } from "./rule.ts";
import { SeriesMonitor } from "./series-monitor.ts";
import { StateLayout } from "./state-slabs.ts";

export interface MonitorSettings extends WatchSettings {
  subject: Subject;
}

export class MonitorFactory {
  /** By the settings, as text. There are as many as the file tells apart. */
  readonly #plans = new Map<string, MonitorPlan>();

  create({ subject, limits, ...settings }: MonitorSettings): SeriesMonitor {
    const layout = new StateLayout();
    const set = limitRules(layout, limits);
    return new SeriesMonitor(this.#planOf(settings, layout.doubles), subject, set);
  }

  #planOf(settings: Omit<WatchSettings, "limits">, limitDoubles: number): MonitorPlan {
    const { detect, stale, counter } = settings;
    const watched = { ...detect, while: undefined, group: undefined };
    const key = JSON.stringify([limitDoubles, watched, stale, counter]);
    const known = this.#plans.get(key);
    if (known) return known;
    const plan = new MonitorPlan({ detect, stale, counter }, limitDoubles);
    this.#plans.set(key, plan);
    return plan;
  }
}

const NO_RULES: readonly Rule[] = Object.freeze([]);

/** What somebody has set, at the beginning of the series' block. */
function limitRules(layout: StateLayout, limits: WatchSettings["limits"]): readonly Rule[] {
  if (!limits) return NO_RULES;
  const rules: Rule[] = [new LimitRule(layout, limits)];
  if (limits.rate !== undefined) {
    rules.push(new RateRule(layout, limits.rate, limits));
  }
  return rules;
}
