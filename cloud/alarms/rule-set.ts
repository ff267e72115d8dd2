/** The rules of the sink's file, as they concern single series. Each series is looked up once. */
import {
  ABSENTEES,
  type AbsenceRule,
  AGGREGATES,
  type Aggregate,
  type AlarmRule,
  type Comparison,
  type ThresholdRule,
} from "#config/sink/alarm-rules.ts";
import { matchesGlob } from "#core/alarms/glob.ts";
import type { SeriesKey } from "../rollup/row-json.ts";
import type { Width } from "../rollup/window.ts";

export interface CompiledThreshold extends ThresholdRule {
  readonly aggregate: Aggregate;
  readonly compare: Comparison;
}

/** What is absent when the rule is broken. */
export type AbsenteeKind = (typeof ABSENTEES)[number];

export interface CompiledAbsence extends AbsenceRule {
  readonly kind: AbsenteeKind;
}

export interface RulesOfSeries {
  /** The same for the same series, and for no other. */
  readonly series: string;
  readonly thresholds: readonly CompiledThreshold[];
  /** Of the series itself, or of its device. */
  readonly absences: readonly CompiledAbsence[];
}

/** Beyond it, what was looked up is forgotten: names may come without end. */
const SERIES_MAX = 200_000;

interface Patterned<T> {
  rule: T;
  /** One pattern a part of the series' name; fewer where the rest does not matter. */
  patterns: readonly string[];
}

export class RuleSet {
  /** Widths whose windows have to be looked at. */
  readonly widths: ReadonlySet<Width>;
  readonly gatewayAbsences: readonly CompiledAbsence[];
  /** How far back the last sign of life of a series may lie and still matter. */
  readonly absentMsMax: number;
  readonly #thresholds: readonly Patterned<CompiledThreshold>[];
  readonly #absences: readonly Patterned<CompiledAbsence>[];
  readonly #bySeries = new Map<string, RulesOfSeries>();

  constructor(rules: readonly AlarmRule[]) {
    this.#thresholds = rules.flatMap(compileThreshold);
    const absences = rules.flatMap(compileAbsence);
    this.#absences = absences.filter(({ rule }) => rule.kind !== "gateway");
    this.gatewayAbsences = absences.map(({ rule }) => rule).filter(isOfGateway);
    this.absentMsMax = Math.max(0, ...this.#absences.map(({ rule }) => rule.absent));
    const widths = new Set(this.#thresholds.map(({ rule }) => rule.over));
    if (this.#absences.length > 0) widths.add("1m");
    this.widths = widths;
  }

  /** Whether any rule may concern series of the gateway. */
  concerns(gateway: string): boolean {
    return [...this.#thresholds, ...this.#absences].some(({ patterns: [pattern = ""] }) =>
      matchesGlob(pattern, gateway),
    );
  }

  of(key: SeriesKey): RulesOfSeries {
    const name = seriesName(key);
    const known = this.#bySeries.get(name);
    if (known) return known;
    if (this.#bySeries.size >= SERIES_MAX) this.#bySeries.clear();
    const names = [key.gateway, key.device, key.tag];
    const found = {
      series: name,
      thresholds: matching(this.#thresholds, names),
      absences: matching(this.#absences, names),
    };
    this.#bySeries.set(name, found);
    return found;
  }
}

function seriesName({ gateway, device, tag }: SeriesKey): string {
  return JSON.stringify([gateway, device, tag]);
}

function matching<T>(rules: readonly Patterned<T>[], names: readonly string[]): T[] {
  return rules
    .filter(({ patterns }) =>
      patterns.every((pattern, at) => matchesGlob(pattern, names[at] ?? "")),
    )
    .map(({ rule }) => rule);
}

function compileThreshold(rule: AlarmRule): Patterned<CompiledThreshold>[] {
  if (!("over" in rule)) return [];
  const aggregate = AGGREGATES.find((each) => rule[each] !== undefined);
  const compare = aggregate && rule[aggregate];
  if (!compare) return [];
  return [{ rule: { ...rule, aggregate, compare }, patterns: rule.series.split("/") }];
}

function compileAbsence(rule: AlarmRule): Patterned<CompiledAbsence>[] {
  if (!("absent" in rule)) return [];
  const kind = ABSENTEES.find((each) => rule[each] !== undefined);
  const pattern = kind && rule[kind];
  if (kind === undefined || pattern === undefined) return [];
  return [{ rule: { ...rule, kind }, patterns: pattern.split("/") }];
}

function isOfGateway({ kind }: CompiledAbsence): boolean {
  return kind === "gateway";
}
