/** The sink's watch over the pipeline itself: what it measured in the last minute, against limits. */
import type { PipelineSettings } from "#config/sink/alarms.ts";
import type { AlarmPriority } from "#core/alarm.ts";
import type { KeptMemory } from "../store/desk-contract.ts";
import { figure, goneRule, OF_PIPELINE, ruleAlarm } from "./rule-alarms.ts";
import { judgeThreshold, type ThresholdState } from "./threshold.ts";
import { recall, type Verdict } from "./verdict.ts";

export const PIPELINE_EVERY_MS = 60_000;

/** Each undefined where nothing could be measured. */
export interface PipelineMeasures {
  /** The worst p99 of all sinks, from a reading's time to its being visible, of live data. */
  latencyMs: number | undefined;
  /** Readings that wait in the hub. */
  backlog: number | undefined;
  /** Share of dead letters in what came, 0 to 1. */
  errors: number | undefined;
  /** Share of what the hub retains that waits, of the partition where it is the largest. */
  retention: number | undefined;
}

interface Watch {
  rule: keyof PipelineSettings;
  measure: keyof PipelineMeasures;
  priority: AlarmPriority;
  /** One bad minute of these is no alarm yet. */
  forMs: number;
  inWords: (value: number) => string;
  action: string;
}

const MINUTE_MS = 60_000;

const WATCHES: readonly Watch[] = [
  {
    rule: "latency",
    measure: "latencyMs",
    priority: "critical",
    forMs: 2 * MINUTE_MS,
    inWords: (value) => `readings are ${figure(value)} ms old when they become visible (p99)`,
    action: "compare uplink, hub and database: /api/latency tells the sink's own share as lag",
  },
  {
    rule: "backlog",
    measure: "backlog",
    priority: "medium",
    forMs: 0,
    inWords: (value) => `about ${figure(value)} readings wait in the hub`,
    action: "start more sinks, or find out what holds the database up",
  },
  {
    rule: "errors",
    measure: "errors",
    priority: "critical",
    forMs: 2 * MINUTE_MS,
    inWords: (value) => `${figure(value * 100)} % of what came went to the dead letters`,
    action: "penstock-cloud dead-letters ls says why",
  },
  {
    rule: "retention",
    measure: "retention",
    priority: "critical",
    forMs: 0,
    inWords: (value) => `${figure(value * 100)} % of what the hub retains is not read yet`,
    action: "start more sinks, or lengthen the hub's retention: what expires unread is lost",
  },
];

export function pipelineAdvice(rule: string): string | undefined {
  return WATCHES.find((watch) => watch.rule === rule)?.action;
}

/** It clears a little below its limit, not at the limit itself. */
const DEADBAND_SHARE = 0.1;

export class PipelineJudge {
  readonly #settings: PipelineSettings | "off";
  readonly #nowMs: () => number;
  readonly #states = new Map<string, ThresholdState>();

  constructor(settings: PipelineSettings | "off", nowMs: () => number) {
    this.#settings = settings;
    this.#nowMs = nowMs;
  }

  /** An alarm whose watch was switched off ends. */
  load(memory: readonly KeptMemory[], verdict: Verdict): void {
    for (const [[rule = ""], state] of recall<ThresholdState>(memory, "pipeline")) {
      const watch = WATCHES.find((each) => each.rule === rule);
      if (watch && this.#limitOf(watch) !== undefined) {
        this.#states.set(rule, state);
        continue;
      }
      verdict.remember(["pipeline", rule], undefined);
      if (!state.isActive) continue;
      verdict.raise(goneRule(rule, { ...OF_PIPELINE, tag: rule }, this.#nowMs()));
    }
  }

  /** @param start of the minute that was measured */
  judge(measures: PipelineMeasures, start: number, verdict: Verdict): void {
    for (const watch of WATCHES) {
      const [limit, value] = [this.#limitOf(watch), measures[watch.measure]];
      if (limit !== undefined && value !== undefined) {
        this.#judgeOne(watch, limit, { start, widthMs: PIPELINE_EVERY_MS, value }, verdict);
      }
    }
  }

  #limitOf({ rule }: Watch): number | undefined {
    const limit = this.#settings === "off" ? "off" : this.#settings[rule];
    return limit === "off" ? undefined : limit;
  }

  #judgeOne(
    { rule, priority, forMs, inWords }: Watch,
    limit: number,
    window: { start: number; widthMs: number; value: number },
    verdict: Verdict,
  ): void {
    const compare = { sign: ">", limit } as const;
    const settings = { compare, for: forMs, deadband: limit * DEADBAND_SHARE };
    const before = this.#states.get(rule);
    const { state, change } = judgeThreshold(settings, before, window);
    if (state) this.#states.set(rule, state);
    else this.#states.delete(rule);
    if (state || before) verdict.remember(["pipeline", rule], state);
    if (!change) return;
    const { start, widthMs, value } = window;
    const place = { ...OF_PIPELINE, tag: rule, rule, priority, change, ts: start + widthMs };
    const message = inWords(value);
    verdict.raise(ruleAlarm({ ...place, value, expected: limit, message }, this.#nowMs()));
  }
}
