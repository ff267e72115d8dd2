/**
 * Rules on gateways that are silent. They are judged by the time up to which the stream is known: all
 * that the hub had taken by then is committed. So while the sink is behind, or away, nobody is missed.
 */
import { formatDuration } from "#config/units.ts";
import { matchesGlob } from "#core/alarms/glob.ts";
import type { GatewayMark, KeptMemory } from "../store/desk-contract.ts";
import { AttendanceList } from "./absence.ts";
import { goneRule, OF_GATEWAY, ruleAlarm } from "./rule-alarms.ts";
import type { CompiledAbsence, RuleSet } from "./rule-set.ts";
import { recall, type Verdict } from "./verdict.ts";

/** A gateway that was silent for longer when it was first looked at has been given up. */
const GIVEN_UP_MS = 7 * 24 * 3_600_000;

export class GatewayJudge {
  readonly #watches: readonly { rule: CompiledAbsence; list: AttendanceList }[];
  readonly #nowMs: () => number;
  readonly #seen = new Set<string>();

  constructor(rules: RuleSet, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#watches = rules.gatewayAbsences.map((rule) => ({
      rule,
      list: new AttendanceList(rule.absent),
    }));
  }

  /** An alarm ends whose rule is gone from the file, or speaks of others now. */
  load(memory: readonly KeptMemory[], verdict: Verdict): void {
    for (const [key] of recall<true>(memory, "silent")) {
      const [rule = "", gateway = ""] = key;
      const watch = this.#watches.find(
        (each) => each.rule.name === rule && matchesGlob(each.rule.gateway ?? "", gateway),
      );
      if (watch) {
        watch.list.remember(gateway);
        continue;
      }
      verdict.remember(["silent", ...key], undefined);
      verdict.raise(goneRule(rule, { gateway, ...OF_GATEWAY }, this.#nowMs()));
    }
  }

  judge(marks: readonly GatewayMark[], knownUntilMs: number, verdict: Verdict): void {
    for (const { gateway, seenAtMs } of marks) {
      if (!this.#seen.has(gateway) && knownUntilMs - seenAtMs > GIVEN_UP_MS) continue;
      this.#seen.add(gateway);
      for (const { rule, list } of this.#watches) {
        if (matchesGlob(rule.gateway ?? "", gateway)) list.hear(gateway, seenAtMs);
      }
    }
    for (const { rule, list } of this.#watches) this.#judgeOne(rule, list, knownUntilMs, verdict);
  }

  #judgeOne(
    { name: rule, priority, absent }: CompiledAbsence,
    list: AttendanceList,
    ts: number,
    verdict: Verdict,
  ): void {
    for (const { subject: gateway, heardAtMs, change } of list.judge(ts)) {
      const message =
        change === "active"
          ? `${rule}: nothing of ${gateway} for ${formatDuration(absent)}`
          : `${rule}: ${gateway} is heard again`;
      const silence = { value: Math.max(0, ts - heardAtMs) / 1000, expected: absent / 1000 };
      const since = Math.min(heardAtMs, ts);
      const place = { gateway, ...OF_GATEWAY, ts, since };
      const alarm = { ...place, rule, priority, change, ...silence, message };
      verdict.raise(ruleAlarm(alarm, this.#nowMs()));
      verdict.remember(["silent", rule, gateway], change === "active" ? true : undefined);
    }
  }
}
