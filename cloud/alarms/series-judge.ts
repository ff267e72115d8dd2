/**
 * Judges the windows of one gateway after the other, each once, when its watermark says that they are
 * final. What comes later corrects the rows, and wakes nobody.
 *
 * Absence of devices and series is measured by the gateway's own watermark: while the gateway is
 * silent, or the sink behind, it does not move, and nobody is missed.
 */
import { ALARM_POINTS_MAX } from "#core/alarm.ts";
import type { RollupRow } from "../rollup/row-json.ts";
import { isWidth, WIDTH_MS, type Width, windowStart } from "../rollup/window.ts";
import type { RollupQuery } from "../store/contract.ts";
import type { GatewayMark, KeptMemory } from "../store/desk-contract.ts";
import { AbsenceJudge } from "./absence-judge.ts";
import { rowValue } from "./row-value.ts";
import { type RuleChange, ruleAlarm } from "./rule-alarms.ts";
import type { CompiledThreshold, RuleSet } from "./rule-set.ts";
import { ThresholdJudge } from "./threshold-judge.ts";
import { recall, type Verdict } from "./verdict.ts";

const HOUR_MS = 3_600_000;
/**
 * A gateway that comes back, or a sink, is not judged for what was before: nobody is woken for the
 * past. Two hours, so that the last window of each width is among them.
 */
const CATCH_UP_MS_MAX = 2 * HOUR_MS;
/** Nor a new one for what it brings along of before. */
const NEW_MS_MAX = HOUR_MS;
/** Windows that are judged in one go. */
const SPAN_WINDOWS = 10;
/** Alarms of one go that bring a sparkline: each takes a query, and of many nobody looks at it. */
const SPARKLINES_MAX = 20;

interface Span {
  width: Width;
  fromMs: number;
  toMs: number;
}

export interface SeriesJudgeOptions {
  rules: RuleSet;
  rows: (query: RollupQuery) => AsyncIterable<RollupRow>;
  /** Wall clock. */
  nowMs: () => number;
}

export class SeriesJudge {
  readonly #rules: RuleSet;
  readonly #rows: SeriesJudgeOptions["rows"];
  readonly #nowMs: () => number;
  readonly #thresholds: ThresholdJudge;
  readonly #absences: AbsenceJudge;
  /** By gateway and width: end of the last window that was judged. */
  readonly #judgedTo = new Map<string, number>();
  /** Widths that were looked at before: of these, no window of any gateway is passed over. */
  readonly #begun = new Set<Width>();

  constructor({ rules, rows, nowMs }: SeriesJudgeOptions) {
    this.#rules = rules;
    this.#rows = rows;
    this.#nowMs = nowMs;
    this.#thresholds = new ThresholdJudge(rules, nowMs);
    this.#absences = new AbsenceJudge(rules, nowMs);
  }

  /** @param verdict takes what ends because its rule is gone */
  load(memory: readonly KeptMemory[], verdict: Verdict): void {
    for (const [[width = ""]] of recall(memory, "begun")) {
      if (this.#isUsed(width)) this.#begun.add(width);
      else verdict.remember(["begun", width], undefined);
    }
    for (const [[gateway = "", width = ""], to] of recall<number>(memory, "judged")) {
      if (this.#isUsed(width)) this.#judgedTo.set(placeOf(gateway, width), to);
      else verdict.remember(["judged", gateway, width], undefined);
    }
    this.#thresholds.load(memory, verdict);
    this.#absences.load(memory, verdict);
  }

  /** What was there before anybody judged is past; who comes later is judged from the first window on. */
  begin(gateways: readonly GatewayMark[], verdict: Verdict): void {
    for (const width of this.#rules.widths) {
      if (this.#begun.has(width)) continue;
      this.#begun.add(width);
      verdict.remember(["begun", width], true);
      for (const { gateway, watermarkMs, newestMs } of gateways) {
        const to = windowStart(watermarkMs ?? newestMs, WIDTH_MS[width]);
        this.#noteJudged(gateway, width, to, verdict);
      }
    }
  }

  /**
   * Judges what has become final, up to a bound. True when there is more of it.
   * @param finalToMs what is before comes no more
   * @param newestMs of the gateway's newest reading: beyond it, nobody can be missed
   */
  async judge(
    gateway: string,
    { finalToMs, newestMs }: { finalToMs: number; newestMs: number },
    verdict: Verdict,
  ): Promise<boolean> {
    // Where no rule concerns it, its windows pass: one that comes later is not for the past.
    const isConcerned = this.#rules.concerns(gateway);
    let isMore = false;
    for (const width of this.#rules.widths) {
      const end = windowStart(finalToMs, WIDTH_MS[width]);
      const known = this.#judgedTo.get(placeOf(gateway, width)) ?? end - NEW_MS_MAX;
      const fromMs = Math.max(known, end - CATCH_UP_MS_MAX);
      const spanMs = isConcerned ? SPAN_WINDOWS * WIDTH_MS[width] : Number.POSITIVE_INFINITY;
      const toMs = Math.min(end, fromMs + spanMs);
      if (toMs <= fromMs) continue;
      if (isConcerned) await this.#judgeSpan(gateway, { width, fromMs, toMs }, verdict);
      this.#noteJudged(gateway, width, toMs, verdict);
      // What is made up for is heard first: after an outage, whoever comes again is not missed.
      if (toMs < end) isMore = true;
      else if (isConcerned && this.#watches(width)) {
        this.#absences.judge(gateway, Math.min(toMs, newestMs), verdict);
      }
    }
    return isMore;
  }

  #noteJudged(gateway: string, width: Width, toMs: number, verdict: Verdict): void {
    this.#judgedTo.set(placeOf(gateway, width), toMs);
    verdict.remember(["judged", gateway, width], toMs);
  }

  async #judgeSpan(
    gateway: string,
    { width, fromMs, toMs }: Span,
    verdict: Verdict,
  ): Promise<void> {
    const watches = this.#watches(width);
    if (watches && this.#absences.begin(gateway)) await this.#lookBack(gateway, fromMs);
    const changes: { change: RuleChange; rule: CompiledThreshold }[] = [];
    for await (const row of this.#rows({ gateway, width, fromMs, toMs })) {
      const { series, thresholds, absences } = this.#rules.of(row);
      for (const rule of thresholds) {
        if (rule.over !== width) continue;
        const change = this.#thresholds.judge(rule, series, row, verdict);
        if (change) changes.push({ change, rule });
      }
      if (watches) this.#absences.hear(row, absences);
    }
    for (const [at, { change, rule }] of changes.entries()) {
      const isShown = change.change === "active" && at < SPARKLINES_MAX;
      const points = isShown ? await this.#pointsOf(rule, change) : undefined;
      verdict.raise(ruleAlarm(points ? { ...change, points } : change, this.#nowMs()));
    }
  }

  /** Whether somebody is missed by windows of this width. */
  #watches(width: Width): boolean {
    return width === "1m" && this.#rules.absentMsMax > 0;
  }

  /** What the rule has seen of late. */
  async #pointsOf(
    { aggregate, over: width }: CompiledThreshold,
    { gateway, device, tag, ts: toMs }: RuleChange,
  ): Promise<number[]> {
    const fromMs = toMs - ALARM_POINTS_MAX * WIDTH_MS[width];
    const points: number[] = [];
    for await (const row of this.#rows({ gateway, device, tag, width, fromMs, toMs })) {
      const value = rowValue(row, aggregate);
      if (value !== undefined) points.push(value);
    }
    return points;
  }

  /** Who was heard in the past hours can be missed: another sink may have watched until now. */
  async #lookBack(gateway: string, toMs: number): Promise<void> {
    const fromMs = toMs - this.#rules.absentMsMax - HOUR_MS;
    for await (const row of this.#rows({ gateway, width: "1h", fromMs, toMs })) {
      this.#absences.hear(row, this.#rules.of(row).absences);
    }
  }

  #isUsed(width: string): width is Width {
    return isWidth(width) && this.#rules.widths.has(width);
  }
}

function placeOf(gateway: string, width: Width): string {
  return `${width} ${gateway}`;
}
