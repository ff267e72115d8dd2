/**
 * Limit alarms LL, L, H, HH with hysteresis and delays. A value at its limit is still inside; an
 * alarm clears when the value has come back by the deadband. Each limit is an alarm of its own, so
 * that going from H to HH is seen, and coming back from HH to H too.
 */
import type { AlarmPriority } from "#core/alarm.ts";
import type { DelayedSwitch, Delays } from "./delayed-switch.ts";
import type { Finding } from "./finding.ts";
import { type Look, type Rule, report } from "./rule.ts";
import type { StateBlock } from "./state-slabs.ts";
import { amount, lasting, nameOf } from "./wording.ts";

export interface Limits extends Delays {
  readonly hh?: number | undefined;
  readonly h?: number | undefined;
  readonly l?: number | undefined;
  readonly ll?: number | undefined;
  /** How far a value must come back from its limit before the alarm clears; 0 or more. */
  readonly deadband: number;
}

/** One limit, seen so that larger is always worse: `sign` is −1 for the lower limits. */
interface Limit {
  readonly key: "hh" | "h" | "l" | "ll";
  readonly rule: string;
  readonly title: string;
  readonly sign: 1 | -1;
  readonly priority: AlarmPriority;
}

/** In the order in which a rule has its switches. */
export const LIMITS: readonly Limit[] = [
  { key: "hh", rule: "limit-hh", title: "high-high", sign: 1, priority: "high" },
  { key: "h", rule: "limit-h", title: "high", sign: 1, priority: "medium" },
  { key: "l", rule: "limit-l", title: "low", sign: -1, priority: "medium" },
  { key: "ll", rule: "limit-ll", title: "low-low", sign: -1, priority: "high" },
];

export class LimitRule implements Rule {
  readonly #settings: Limits;
  readonly #switches: readonly DelayedSwitch[];

  /** @param switches one for each of `LIMITS` */
  constructor(switches: readonly DelayedSwitch[], limits: Limits) {
    this.#settings = limits;
    this.#switches = switches;
  }

  get names(): readonly string[] {
    return LIMITS.filter(({ key }) => this.#settings[key] !== undefined).map(({ rule }) => rule);
  }

  begin(): void {
    // A block of zeros is a series within its limits.
  }

  judge(look: Look): void {
    const { ts, value, block } = look;
    const { deadband } = this.#settings;
    for (let i = 0; i < LIMITS.length; i++) {
      const entry = LIMITS[i];
      const at = entry ? this.#settings[entry.key] : undefined;
      const alarm = this.#switches[i];
      if (!entry || !alarm || at === undefined) continue;
      const excess = entry.sign * (value - at);
      const holds = alarm.isOn(block) ? excess > -deadband : excess > 0;
      if (alarm.turns(block, holds, ts, this.#settings)) {
        report(look, findingOf(entry, at, alarm, look));
      }
    }
  }

  /** Limits hold whether the machine runs or not. */
  rest(look: Look): void {
    this.judge(look);
  }

  isActive(block: StateBlock, name: string): boolean {
    return this.#switchOf(name)?.isOn(block) === true;
  }

  setActive(block: StateBlock, name: string, active: boolean): void {
    this.#switchOf(name)?.set(block, active);
  }

  #switchOf(name: string): DelayedSwitch | undefined {
    return this.#switches[LIMITS.findIndex(({ rule }) => rule === name)];
  }
}

function findingOf(
  entry: Limit,
  at: number,
  alarm: DelayedSwitch,
  { block, ts, value, subject }: Look,
): Finding {
  const active = alarm.isOn(block);
  const since = alarm.onSince(block);
  const side = entry.sign === 1 ? "above" : "below";
  const verdict = active
    ? `${side} its ${entry.title} limit`
    : `back from its ${entry.title} limit`;
  const how = active && ts > since ? `, for ${lasting(ts - since)}` : "";
  return {
    rule: entry.rule,
    state: active ? "active" : "cleared",
    priority: entry.priority,
    ts,
    value,
    expected: at,
    since,
    feature: entry.sign === 1 ? "high" : "low",
    message: `${nameOf(subject)} is ${amount(value, subject)}, ${verdict} of ${amount(at, subject)}${how}`,
  };
}
