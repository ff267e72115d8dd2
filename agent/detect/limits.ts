/**
 * Limit alarms LL, L, H, HH with hysteresis. A value at its limit is still inside; an alarm clears
 * when the value has come back by the deadband. Each limit is an alarm of its own, so that going
 * from H to HH is seen, and coming back from HH to H too.
 */
import type { AlarmPriority } from "#core/alarm.ts";
import type { Finding, Subject } from "./finding.ts";
import { amount, nameOf } from "./wording.ts";

export interface Limits {
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
  active: boolean;
}

export class LimitMonitor {
  readonly #limits: readonly Limit[];
  readonly #deadband: number;

  constructor(limits: Limits) {
    this.#deadband = limits.deadband;
    this.#limits = [
      limit("limit-hh", "high-high", 1, limits.hh, "high"),
      limit("limit-h", "high", 1, limits.h, "medium"),
      limit("limit-l", "low", -1, limits.l, "medium"),
      limit("limit-ll", "low-low", -1, limits.ll, "high"),
    ].filter((entry) => entry !== undefined);
  }

  /** Appends what changed to `findings`, made when first needed. The value is finite. */
  judge(
    ts: number,
    value: number,
    subject: Subject,
    findings: Finding[] | undefined,
  ): Finding[] | undefined {
    let found = findings;
    for (const entry of this.#limits) {
      const excess = entry.sign * (value - entry.at);
      const active = entry.active ? excess > -this.#deadband : excess > 0;
      if (active === entry.active) continue;
      entry.active = active;
      found ??= [];
      found.push(finding(entry, ts, value, subject));
    }
    return found;
  }
}

function limit(
  rule: string,
  title: string,
  sign: 1 | -1,
  at: number | undefined,
  priority: AlarmPriority,
): Limit | undefined {
  return at === undefined ? undefined : { rule, title, sign, at, priority, active: false };
}

function finding(entry: Limit, ts: number, value: number, subject: Subject): Finding {
  const side = entry.sign === 1 ? "above" : "below";
  const verdict = entry.active
    ? `${side} its ${entry.title} limit`
    : `back from its ${entry.title} limit`;
  return {
    rule: entry.rule,
    state: entry.active ? "active" : "cleared",
    priority: entry.priority,
    ts,
    value,
    expected: entry.at,
    message: `${nameOf(subject)} is ${amount(value, subject)}, ${verdict} of ${amount(entry.at, subject)}`,
  };
}
