/** Threshold rules over the rows of final windows, series by series. */
import { formatDuration } from "#config/units.ts";
import type { RollupRow, SeriesKey } from "../rollup/row-json.ts";
import { WIDTH_MS } from "../rollup/window.ts";
import type { KeptMemory } from "../store/desk-contract.ts";
import { rowValue } from "./row-value.ts";
import { figure, goneRule, type RuleChange } from "./rule-alarms.ts";
import type { CompiledThreshold, RuleSet } from "./rule-set.ts";
import { judgeThreshold, type ThresholdState } from "./threshold.ts";
import { recall, type Verdict } from "./verdict.ts";

/** Beyond it, further series are not judged: hostile names must cost no memory. */
const STATES_MAX = 100_000;

export class ThresholdJudge {
  readonly #rules: RuleSet;
  readonly #nowMs: () => number;
  /** By rule, then by series: those that are not well. */
  readonly #states = new Map<string, Map<string, ThresholdState>>();
  #count = 0;

  constructor(rules: RuleSet, nowMs: () => number) {
    this.#rules = rules;
    this.#nowMs = nowMs;
  }

  /** An alarm ends whose rule is gone from the file, or speaks of other series now. */
  load(memory: readonly KeptMemory[], verdict: Verdict): void {
    for (const [key, state] of recall<ThresholdState>(memory, "threshold")) {
      const [rule = "", gateway = "", device = "", tag = ""] = key;
      const { series, thresholds } = this.#rules.of({ gateway, device, tag });
      if (thresholds.some(({ name }) => name === rule)) {
        this.#statesOf(rule).set(series, state);
        this.#count += 1;
        continue;
      }
      verdict.remember(["threshold", ...key], undefined);
      if (state.isActive) verdict.raise(goneRule(rule, { gateway, device, tag }, this.#nowMs()));
    }
  }

  /**
   * Gives the change that the row brings.
   * @param series as the set of rules calls the row's
   */
  judge(
    rule: CompiledThreshold,
    series: string,
    row: RollupRow,
    verdict: Verdict,
  ): RuleChange | undefined {
    const value = rowValue(row, rule.aggregate);
    if (value === undefined) return undefined;
    const states = this.#statesOf(rule.name);
    const before = states.size > 0 ? states.get(series) : undefined;
    const { gateway, device, tag, start } = row;
    const widthMs = WIDTH_MS[rule.over];
    const { state, change } = judgeThreshold(rule, before, { start, widthMs, value });
    if (state === before || (!before && this.#count >= STATES_MAX)) return undefined;
    if (state) states.set(series, state);
    else states.delete(series);
    this.#count += Number(state !== undefined) - Number(before !== undefined);
    verdict.remember(["threshold", rule.name, gateway, device, tag], state);
    if (!change) return undefined;
    const message = messageOf(rule, row, value, change);
    const { name: ruleName, priority, compare } = rule;
    const at = { gateway, device, tag, ts: start + widthMs, value, expected: compare.limit };
    const since = state?.since;
    const told = { ...at, rule: ruleName, priority, change, message };
    return since === undefined ? told : { ...told, since };
  }

  #statesOf(rule: string): Map<string, ThresholdState> {
    const known = this.#states.get(rule);
    if (known) return known;
    const states = new Map<string, ThresholdState>();
    this.#states.set(rule, states);
    return states;
  }
}

function messageOf(
  { name, aggregate, over, compare, for: forMs }: CompiledThreshold,
  { device, tag }: SeriesKey,
  value: number,
  change: "active" | "cleared",
): string {
  const what = aggregate === "last" ? "last value" : aggregate;
  const seen = `${what} of ${device} ${tag} over ${over} is ${figure(value)}`;
  const limit = `${compare.sign} ${figure(compare.limit)}`;
  if (change === "cleared") return `${name}: over, the ${seen} (limit ${limit})`;
  const held = forMs > 0 ? `, for ${formatDuration(forMs)}` : "";
  return `${name}: the ${seen} (${limit}${held})`;
}
