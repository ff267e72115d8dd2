/**
 * Limit alarms LL, L, H, HH with hysteresis and delays. A value at its limit is still inside; an
 * alarm clears when the value has come back by the deadband. Each limit is an alarm of its own, so
 * that going from H to HH is seen, and coming back from HH to H too.
 */
import type { AlarmPriority } from "#core/alarm.ts";
import { type Delays, isOn, onSince, SWITCH_SIZE, setOn, turns } from "./delayed-switch.ts";
import type { Finding } from "./finding.ts";
import { type Look, type Rule, report } from "./rule.ts";
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";
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

const LIMITS: readonly Limit[] = [
  { key: "hh", rule: "limit-hh", title: "high-high", sign: 1, priority: "high" },
  { key: "h", rule: "limit-h", title: "high", sign: 1, priority: "medium" },
  { key: "l", rule: "limit-l", title: "low", sign: -1, priority: "medium" },
  { key: "ll", rule: "limit-ll", title: "low-low", sign: -1, priority: "high" },
];

export class LimitRule implements Rule {
  readonly #settings: Limits;
  readonly #state: StateCursor;

  constructor(layout: StateLayout, limits: Limits) {
    this.#settings = limits;
    this.#state = new StateCursor(layout, LIMITS.length * SWITCH_SIZE);
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
    const state = this.#state;
    state.on(block);
    for (let i = 0; i < LIMITS.length; i++) {
      const entry = LIMITS[i];
      const at = entry ? this.#settings[entry.key] : undefined;
      if (!entry || at === undefined) continue;
      const place = i * SWITCH_SIZE;
      const excess = entry.sign * (value - at);
      const holds = isOn(state, place) ? excess > -deadband : excess > 0;
      if (turns(state, place, holds, ts, this.#settings)) {
        report(look, this.#finding(entry, at, place, look));
      }
    }
  }

  /** Limits hold whether the machine runs or not. */
  rest(look: Look): void {
    this.judge(look);
  }

  isActive(block: StateBlock, name: string): boolean {
    this.#state.on(block);
    return isOn(this.#state, placeOf(name));
  }

  setActive(block: StateBlock, name: string, active: boolean): void {
    this.#state.on(block);
    setOn(this.#state, placeOf(name), active);
  }

  #finding(entry: Limit, at: number, place: number, { ts, value, subject }: Look): Finding {
    const active = isOn(this.#state, place);
    const since = onSince(this.#state, place);
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
}

function placeOf(name: string): number {
  return LIMITS.findIndex(({ rule }) => rule === name) * SWITCH_SIZE;
}
