/**
 * Turns surprises into an alarm that is quiet: after each alarm the detector rests, and needs more
 * to be heard again, which wears off. The alarm clears when a run of values has been usual.
 */
import type { AnomalyDetector, View } from "./anomaly-detector.ts";
import type { Finding, Subject } from "./finding.ts";
import { type Look, type Rule, report } from "./rule.ts";
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";
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

/** What surprises among the first values raises the bar, but no alarm: everything is new then. */
const LEARNING_VALUES = 256;
/** Values after an alarm in which no new one is raised. */
const REST_VALUES = 60;
/** Usual values in a row after which the alarm clears. */
const CALM_VALUES = 30;
/** Each alarm raises the bar by this much of itself; it comes down over so many values. */
const BAR_GAIN = 0.2;
const BAR_KEPT = Math.exp(-1 / 5000);

/** By how much the bar is above 1. */
const BAR_ABOVE = 0;
/** Values judged, until there were enough to have learnt from. */
const SEEN = 1;
const REST = 2;
const CALM = 3;
const ACTIVE = 4;
const SCORE = 5;
/** Of the value that raised the alarm: when it came, what it was, and what was usual. */
const SINCE = 6;
const PEAK = 7;
const EXPECTED = 8;
const DOUBLES = 9;

export class AnomalyRule implements Rule {
  readonly names = ["anomaly"];
  readonly #detector: AnomalyDetector;
  readonly #surpriseMin: number;
  readonly #direction: Direction;
  readonly #state: StateCursor;

  constructor(
    layout: StateLayout,
    detector: AnomalyDetector,
    sensitivity: Sensitivity,
    direction: Direction = "both",
  ) {
    this.#direction = direction;
    this.#detector = detector;
    this.#surpriseMin = SURPRISE_MIN[sensitivity];
    this.#state = new StateCursor(layout, DOUBLES);
  }

  begin(block: StateBlock): void {
    this.#detector.begin(block);
  }

  /**
   * Judges and learns a finite value.
   * @returns how unusual, 0 to 1; from 0.5 on this value raises an alarm, or renews it
   */
  score(block: StateBlock, value: number, ts: number): number {
    const surprise = this.#detector.surprise(block, value, ts);
    this.#state.on(block);
    const score = this.#admit(surprise < 1 || this.#isMeant(value) ? surprise : 0);
    this.#state.set(SCORE, score);
    return score;
  }

  /** The last value's score. */
  lastScore(block: StateBlock): number {
    this.#state.on(block);
    return this.#state.get(SCORE);
  }

  /** The value that raised the last alarm; undefined where there was none. */
  lastUnusual(block: StateBlock): number | undefined {
    this.#state.on(block);
    return this.#state.get(SINCE) > 0 ? this.#state.get(PEAK) : undefined;
  }

  /** How many values it has learnt from, of those that it needs. */
  learning(block: StateBlock): { seen: number; of: number } {
    this.#state.on(block);
    return { seen: this.#state.get(SEEN), of: LEARNING_VALUES };
  }

  judge(look: Look): void {
    const { block, ts, value } = look;
    const raised = this.score(block, value, ts) >= 0.5;
    const state = this.#state;
    const wasActive = state.get(ACTIVE) === 1;
    const active = raised || (wasActive && state.get(CALM) < CALM_VALUES);
    if (active === wasActive) return;
    state.set(ACTIVE, active ? 1 : 0);
    if (active) this.#raise(look);
    else this.#clear(look, whatCameOfIt(look, this.#raised()));
  }

  rest(look: Look, why: string): void {
    this.#state.on(look.block);
    this.#state.set(SCORE, 0);
    if (this.#state.get(ACTIVE) === 0) return;
    this.#state.set(ACTIVE, 0);
    this.#clear(look, `${nameOf(look.subject)} ${why}`);
  }

  /** Somebody who knows the machine says that the value is usual: it raises nothing any more. */
  accept(block: StateBlock, value: number): void {
    this.#detector.accept(block, value);
    this.#state.on(block);
    this.#state.set(BAR_ABOVE, 0);
    this.#state.set(CALM, CALM_VALUES);
  }

  isActive(block: StateBlock): boolean {
    this.#state.on(block);
    return this.#state.get(ACTIVE) === 1;
  }

  setActive(block: StateBlock, _name: string, active: boolean): void {
    this.#state.on(block);
    this.#state.set(ACTIVE, active ? 1 : 0);
  }

  #isMeant(value: number): boolean {
    if (this.#direction === "both") return true;
    return value > this.#detector.explain().expected === (this.#direction === "up");
  }

  #admit(surprise: number): number {
    const state = this.#state;
    const above = state.get(BAR_ABOVE) * BAR_KEPT;
    const ratio = surprise / ((1 + above) * this.#surpriseMin);
    const seen = state.get(SEEN);
    const isLearning = seen < LEARNING_VALUES;
    if (isLearning) state.set(SEEN, seen + 1);
    state.set(CALM, ratio < 1 ? Math.min(CALM_VALUES, state.get(CALM) + 1) : 0);
    state.set(BAR_ABOVE, above);
    const rest = state.get(REST);
    if (rest > 0) {
      state.set(REST, rest - 1);
      return 0;
    }
    if (ratio >= 1) {
      state.set(REST, REST_VALUES);
      state.set(BAR_ABOVE, above + BAR_GAIN);
    }
    // Not ratio / (1 + ratio): that is no number for an infinite surprise.
    return isLearning ? 0 : 1 - 1 / (1 + ratio);
  }

  #raised(): { peak: number; expected: number; since: number } {
    const state = this.#state;
    return { peak: state.get(PEAK), expected: state.get(EXPECTED), since: state.get(SINCE) };
  }

  #raise(look: Look): void {
    const { ts, value, subject } = look;
    const { view, expected } = this.#detector.explain();
    this.#state.set(SINCE, ts);
    this.#state.set(PEAK, value);
    this.#state.set(EXPECTED, expected);
    report(look, {
      ...findingOf(look, "active", expected, ts),
      feature: featureOf(view, value > expected),
      message: sentence(value, view, expected, subject),
    });
  }

  #clear(look: Look, message: string): void {
    const { expected, since } = this.#raised();
    report(look, { ...findingOf(look, "cleared", expected, since), message });
  }
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
function whatCameOfIt(
  { value, subject }: Look,
  { peak, expected, since }: { peak: number; expected: number; since: number },
): string {
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
