/**
 * Turns surprises into an alarm that is quiet: after each alarm the detector rests, and needs more
 * to be heard again, which wears off. The alarm clears when a run of values has been usual.
 */
import { type AnomalyDetector, LEARNING_VALUES, type View } from "./anomaly-detector.ts";
import type { Finding, Subject } from "./finding.ts";
import type { LevelField } from "./level-field.ts";
import { type Look, type Rule, report } from "./rule.ts";
import type { CountField, FlagField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { FloatField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";
import type { InstantField } from "./state-times.ts";
import { amount, moment, nameOf } from "./wording.ts";

/**
 * How surprising a value must be. `high` finds most in history, and is what the benchmarks measure.
 * `medium` is for a shop floor: in 1920 sensor hours of the simulated plant it finds 91 of 98 spikes,
 * drifts and steps with 2 false alarms, where `high` finds 95 with 130.
 */
const SURPRISE_MIN = { high: 1, medium: 2.5, low: 5 } as const satisfies Record<string, number>;

export type Sensitivity = keyof typeof SURPRISE_MIN;

/** Which way a value must be unusual. */
export type Direction = "both" | "up" | "down";

/** Values after an alarm in which no new one is raised. */
const REST_VALUES = 60;
/** Usual values in a row after which the alarm clears. */
const CALM_VALUES = 30;
/** Each alarm raises the bar by this much of itself; it comes down over so many values. */
const BAR_GAIN = 0.2;
const BAR_KEPT = Math.exp(-1 / 5000);

/** A bar that is so little above 1 is at 1: it must not creep on among the smallest of floats. */
const BAR_ABOVE_MIN = 1e-9;

export class AnomalyRule implements Rule {
  readonly names = ["anomaly"];
  readonly #detector: AnomalyDetector;
  readonly #surpriseMin: number;
  readonly #direction: Direction;
  /** By how much the bar is above 1. */
  readonly #barAbove: FloatField;
  readonly #rest: CountField;
  readonly #calm: CountField;
  readonly #active: FlagField;
  /** Of the value that raised the last alarm: when it came, what it was, and what was usual. */
  readonly #since: InstantField;
  readonly #peak: LevelField;
  readonly #expected: LevelField;
  #score = 0;

  constructor(
    layout: StateLayout,
    detector: AnomalyDetector,
    sensitivity: Sensitivity,
    direction: Direction = "both",
  ) {
    this.#direction = direction;
    this.#detector = detector;
    this.#surpriseMin = SURPRISE_MIN[sensitivity];
    this.#barAbove = layout.float();
    this.#rest = layout.count(REST_VALUES);
    this.#calm = layout.count(CALM_VALUES);
    this.#active = layout.flag();
    this.#since = layout.instant();
    this.#peak = layout.level();
    this.#expected = layout.level();
  }

  begin(block: StateBlock): void {
    this.#detector.begin(block);
    this.#peak.set(block, Number.NaN);
  }

  /** The score of the value that was judged last, of whichever series. */
  get lastScore(): number {
    return this.#score;
  }

  /**
   * Judges and learns a finite value.
   * @returns how unusual, 0 to 1; from 0.5 on this value raises an alarm, or renews it
   */
  score(block: StateBlock, value: number, ts: number): number {
    const isLearning = this.#detector.seen(block) < LEARNING_VALUES;
    const surprise = this.#detector.surprise(block, value, ts);
    const isMeant = surprise < 1 || this.#isMeant(value);
    const score = this.#admit(block, isMeant ? surprise : 0);
    // Among the first values everything is new: that raises the bar, but no alarm.
    this.#score = isLearning ? 0 : score;
    return this.#score;
  }

  /** The value that raised the last alarm; undefined where there was none. */
  lastUnusual(block: StateBlock): number | undefined {
    const peak = this.#peak.shown(block);
    return Number.isNaN(peak) ? undefined : peak;
  }

  /** How many values it has learnt from, of those that it needs. */
  learning(block: StateBlock): { seen: number; of: number } {
    return { seen: this.#detector.seen(block), of: LEARNING_VALUES };
  }

  judge(look: Look): void {
    const { block, ts, value } = look;
    const raised = this.score(block, value, ts) >= 0.5;
    const wasActive = this.#active.get(block);
    const active = raised || (wasActive && this.#calm.get(block) < CALM_VALUES);
    if (active === wasActive) return;
    this.#active.set(block, active);
    if (active) this.#raise(look);
    else this.#clear(look, whatCameOfIt(look, this.#raised(look)));
  }

  /** Ends the alarm; the bar and the rest go on where they were. */
  rest(look: Look, why: string): void {
    this.#score = 0;
    if (!this.#active.get(look.block)) return;
    this.#active.set(look.block, false);
    this.#clear(look, `${nameOf(look.subject)} ${why}`);
  }

  /** Somebody who knows the machine says that the value is usual: it raises nothing any more. */
  accept(block: StateBlock, value: number): void {
    this.#detector.accept(block, value);
    this.#barAbove.set(block, 0);
    this.#calm.set(block, CALM_VALUES);
  }

  isActive(block: StateBlock): boolean {
    return this.#active.get(block);
  }

  setActive(block: StateBlock, _name: string, active: boolean): void {
    this.#active.set(block, active);
  }

  #isMeant(value: number): boolean {
    if (this.#direction === "both") return true;
    return value > this.#detector.explain().expected === (this.#direction === "up");
  }

  #admit(block: StateBlock, surprise: number): number {
    const decayed = this.#barAbove.get(block) * BAR_KEPT;
    const above = decayed < BAR_ABOVE_MIN ? 0 : decayed;
    const ratio = surprise / ((1 + above) * this.#surpriseMin);
    this.#calm.set(block, ratio < 1 ? Math.min(CALM_VALUES, this.#calm.get(block) + 1) : 0);
    this.#barAbove.set(block, above);
    const rest = this.#rest.get(block);
    if (rest > 0) {
      this.#rest.set(block, rest - 1);
      return 0;
    }
    if (ratio >= 1) {
      this.#rest.set(block, REST_VALUES);
      this.#barAbove.set(block, above + BAR_GAIN);
    }
    // Not ratio / (1 + ratio): that is no number for an infinite surprise.
    return 1 - 1 / (1 + ratio);
  }

  #raised({ block, ts }: Look): Raised {
    const peak = this.#peak.shown(block);
    const expected = this.#expected.shown(block);
    return { peak, expected, since: this.#since.get(block, ts) };
  }

  #raise(look: Look): void {
    const { block, ts, value, subject } = look;
    const { view, expected } = this.#detector.explain();
    this.#since.set(block, ts);
    this.#peak.set(block, value);
    this.#expected.set(block, expected);
    report(look, {
      ...findingOf(look, "active", expected, ts),
      feature: featureOf(view, value > expected),
      message: sentence(value, view, expected, subject),
    });
  }

  #clear(look: Look, message: string): void {
    const { expected, since } = this.#raised(look);
    report(look, { ...findingOf(look, "cleared", expected, since), message });
  }
}

/** What is remembered of the value that raised the alarm. */
interface Raised {
  readonly peak: number;
  readonly expected: number;
  readonly since: number;
}

function findingOf(
  { ts, value }: Look,
  state: "active" | "cleared",
  expected: number,
  since: number,
): Omit<Finding, "message"> {
  return { rule: "anomaly", state, priority: "low", ts, value, expected, since };
}

/** A value that stays nearer to what was unusual than to what was usual has found a new level. */
function whatCameOfIt({ value, subject }: Look, { peak, expected, since }: Raised): string {
  const hasStayed = Math.abs(value - peak) < Math.abs(value - expected);
  return hasStayed
    ? `${nameOf(subject)} stays at a new level, about ${amount(value, subject)} since ${moment(since)}`
    : `${nameOf(subject)} behaves as usual again`;
}

function featureOf(view: View, isAbove: boolean): string {
  switch (view) {
    case "level":
      return isAbove ? "new high" : "new low";
    case "jump":
      return isAbove ? "spike" : "dip";
    case "shift":
      return isAbove ? "level shift up" : "level shift down";
    case "season":
      return "season";
    case "distance":
      return isAbove ? "spike" : "dip";
  }
}

function sentence(value: number, view: View, expected: number, subject: Subject): string {
  const is = `${nameOf(subject)} is ${amount(value, subject)}`;
  const usual = amount(expected, subject);
  switch (view) {
    case "level":
      return value > expected
        ? `${is}, higher than ever before (so far at most ${usual})`
        : `${is}, lower than ever before (so far at least ${usual})`;
    case "jump":
      return `${is}, a ${value > expected ? "spike" : "dip"} from about ${usual} that is larger than any before`;
    case "shift":
      return `${is}: its level has shifted ${value > expected ? "up" : "down"} from about ${usual}`;
    case "season":
      return `${is}, where about ${usual} is usual at this time of the week`;
    case "distance":
      return `${is}, far from its recent ${usual}`;
  }
}
