/** Rules on devices and series that are absent, by the rows of final one-minute windows. */

import { formatDuration } from "#config/units.ts";
import { DEVICE_TAG } from "#core/own-names.ts";
import type { RollupRow } from "../rollup/row-json.ts";
import type { KeptMemory } from "../store/desk-contract.ts";
import { type Absentee, AttendanceList } from "./absence.ts";
import { goneRule, ruleAlarm } from "./rule-alarms.ts";
import type { CompiledAbsence, RuleSet } from "./rule-set.ts";
import { recall, type Verdict } from "./verdict.ts";

/** By rule. */
type Watch = Map<string, { rule: CompiledAbsence; list: AttendanceList }>;

export class AbsenceJudge {
  readonly #rules: RuleSet;
  readonly #nowMs: () => number;
  readonly #byGateway = new Map<string, Watch>();
  /** By gateway: who was absent when the alarms were kept last. */
  readonly #absent = new Map<string, { rule: CompiledAbsence; subject: string }[]>();

  constructor(rules: RuleSet, nowMs: () => number) {
    this.#rules = rules;
    this.#nowMs = nowMs;
  }

  /** An alarm ends whose rule is gone from the file, or speaks of others now. */
  load(memory: readonly KeptMemory[], verdict: Verdict): void {
    for (const [key] of recall<true>(memory, "absent")) {
      const [name = "", gateway = "", subject = ""] = key;
      const place = { gateway, ...placeOf(subject) };
      const kind = place.tag === DEVICE_TAG ? "device" : "series";
      const rule = this.#rules
        .of(place)
        .absences.find((each) => each.name === name && each.kind === kind);
      if (rule) {
        const known = this.#absent.get(gateway) ?? [];
        this.#absent.set(gateway, [...known, { rule, subject }]);
        continue;
      }
      verdict.remember(["absent", ...key], undefined);
      verdict.raise(goneRule(name, place, this.#nowMs()));
    }
  }

  /** Watches a gateway from now on. False where it has done so before. */
  begin(gateway: string): boolean {
    if (this.#byGateway.has(gateway)) return false;
    this.#watchOf(gateway);
    return true;
  }

  /** Takes note of a row's last reading that was not bad. */
  hear({ gateway, device, tag, lastTs }: RollupRow, rules: readonly CompiledAbsence[]): void {
    if (lastTs === null) return;
    const watch = this.#watchOf(gateway);
    for (const rule of rules) {
      const subject = rule.kind === "device" ? [device] : [device, tag];
      listOf(watch, rule).hear(JSON.stringify(subject), lastTs);
    }
  }

  judge(gateway: string, toMs: number, verdict: Verdict): void {
    for (const { rule, list } of this.#watchOf(gateway).values()) {
      for (const absentee of list.judge(toMs)) this.#tell(gateway, rule, absentee, toMs, verdict);
    }
  }

  #watchOf(gateway: string): Watch {
    const known = this.#byGateway.get(gateway);
    if (known) return known;
    const watch: Watch = new Map();
    this.#byGateway.set(gateway, watch);
    for (const { rule, subject } of this.#absent.get(gateway) ?? []) {
      listOf(watch, rule).remember(subject);
    }
    return watch;
  }

  #tell(
    gateway: string,
    { name: rule, priority, absent, kind }: CompiledAbsence,
    { subject, heardAtMs, change }: Absentee,
    ts: number,
    verdict: Verdict,
  ): void {
    const place = { gateway, ...placeOf(subject) };
    const who = kind === "device" ? place.device : `${place.device} ${place.tag}`;
    const message =
      change === "active"
        ? `${rule}: no usable reading of ${who} for ${formatDuration(absent)}`
        : `${rule}: readings of ${who} come again`;
    const silence = { value: Math.max(0, ts - heardAtMs) / 1000, expected: absent / 1000 };
    const since = Math.min(heardAtMs, ts);
    const alarm = { ...place, rule, priority, change, ts, since, ...silence, message };
    verdict.raise(ruleAlarm(alarm, this.#nowMs()));
    verdict.remember(["absent", rule, gateway, subject], change === "active" ? true : undefined);
  }
}

function listOf(watch: Watch, rule: CompiledAbsence): AttendanceList {
  const known = watch.get(rule.name);
  if (known) return known.list;
  const list = new AttendanceList(rule.absent);
  watch.set(rule.name, { rule, list });
  return list;
}

function placeOf(subject: string): { device: string; tag: string } {
  const [device = "", tag = DEVICE_TAG]: string[] = JSON.parse(subject);
  return { device, tag };
}
