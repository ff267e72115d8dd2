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
  readonly rule: string;
  readonly title: string;
  readonly sign: 1 | -1;
  readonly at: number;
  readonly priority: AlarmPriority;
}

export class LimitRule implements Rule {
  readonly names: readonly string[];
  readonly #limits: readonly Limit[];
  readonly #settings: Limits;
  readonly #state: StateCursor;

  constructor(layout: StateLayout, limits: Limits) {
    this.#settings = limits;
    this.#limits = [
      limit("limit-hh", "high-high", 1, limits.hh, "high"),
      limit("limit-h", "high", 1, limits.h, "medium"),
      limit("limit-l", "low", -1, limits.l, "medium"),
      limit("limit-ll", "low-low", -1, limits.ll, "high"),
    ].filter((entry) => entry !== undefined);
    this.names = this.#limits.map(({ rule }) => rule);
    this.#state = new StateCursor(layout, this.#limits.length * SWITCH_SIZE);
  }

  begin(): void {
    // A block of zeros is a series within its limits.
  }

  judge(look: Look): void {
    const { ts, value, block } = look;
    const { deadband } = this.#settings;
    const state = this.#state;
    state.on(block);
    for (let i = 0; i < this.#limits.length; i++) {
      const entry = this.#limits[i];
      if (!entry) continue;
      const place = i * SWITCH_SIZE;
      const excess = entry.sign * (value - entry.at);
      const holds = isOn(state, place) ? excess > -deadband : excess > 0;
      if (turns(state, place, holds, ts, this.#settings)) {
        report(look, this.#finding(entry, place, look));
      }
    }
  }

  /** Limits hold whether the machine runs or not. */
  rest(look: Look): void {
    this.judge(look);
  }

  isActive(block: StateBlock, name: string): boolean {
    this.#state.on(block);
    return isOn(this.#state, this.names.indexOf(name) * SWITCH_SIZE);
  }

  setActive(block: StateBlock, name: string, active: boolean): void {
    this.#state.on(block);
    setOn(this.#state, this.names.indexOf(name) * SWITCH_SIZE, active);
  }

  #finding(entry: Limit, place: number, { ts, value, subject }: Look): Finding {
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
      expected: entry.at,
      since,
      feature: entry.sign === 1 ? "high" : "low",
      message: `${nameOf(subject)} is ${amount(value, subject)}, ${verdict} of ${amount(entry.at, subject)}${how}`,
    };
  }
}

function limit(
  rule: string,
  title: string,
  sign: 1 | -1,
  at: number | undefined,
  priority: AlarmPriority,
): Limit | undefined {
  return at === undefined ? undefined : { rule, title, sign, at, priority };
}
