/**
 * Turns surprises into an alarm that is quiet: after each alarm the detector rests, and needs more
 * to be heard again, which wears off. The alarm clears when a run of values has been usual.
 */
import type { AnomalyDetector, Explanation } from "./anomaly-detector.ts";
import type { Finding, Subject } from "./finding.ts";
import { amount, nameOf } from "./wording.ts";

interface Preset {
  /** How surprising a value must be. */
  readonly surpriseMin: number;
  /** What surprises among the first values raises the bar, but no alarm: everything is new then. */
  readonly learningValues: number;
}

/**
 * `high` finds most in history, and is what the benchmarks measure. `medium` is for a shop floor: in
 * 1920 sensor hours of the simulated plant it finds 90 of 98 spikes, drifts and steps with 5 false
 * alarms, where `high` finds 95 with 586.
 */
const PRESETS = {
  high: { surpriseMin: 1, learningValues: 200 },
  medium: { surpriseMin: 4, learningValues: 256 },
  low: { surpriseMin: 8, learningValues: 256 },
} as const satisfies Record<string, Preset>;

export type Sensitivity = keyof typeof PRESETS;

/** Values after an alarm in which no new one is raised. */
const REST_VALUES = 30;
/** Usual values in a row after which the alarm clears. */
const CALM_VALUES = 30;
/** Each alarm raises the bar by this much of itself; it comes down over so many values. */
const BAR_GAIN = 0.2;
const BAR_KEPT = Math.exp(-1 / 5000);

export class AnomalyRule {
  readonly #detector: AnomalyDetector;
  readonly #surpriseMin: number;
  #bar = 1;
  #rest = 0;
  #calm = 0;
  #active = false;
  #score = 0;
  #learning: number;

  constructor(detector: AnomalyDetector, sensitivity: Sensitivity) {
    this.#detector = detector;
    const preset: Preset = PRESETS[sensitivity];
    this.#surpriseMin = preset.surpriseMin;
    this.#learning = preset.learningValues;
  }

  /**
   * Judges and learns a finite value.
   * @returns how unusual, 0 to 1; from 0.5 on this value raises an alarm, or renews it
   */
  score(value: number, ts: number): number {
    this.#score = this.#admit(this.#detector.surprise(value, ts));
    return this.#score;
  }

  /** The last value's score. */
  get lastScore(): number {
    return this.#score;
  }

  /** Appends what changed to `findings`, made when first needed. The value is finite. */
  judge(
    ts: number,
    value: number,
    subject: Subject,
    findings: Finding[] | undefined,
  ): Finding[] | undefined {
    const raised = this.score(value, ts) >= 0.5;
    const active = raised || (this.#active && this.#calm < CALM_VALUES);
    if (active === this.#active) return findings;
    this.#active = active;
    const found = findings ?? [];
    found.push(finding(active, ts, value, this.#detector.explain(), subject));
    return found;
  }

  /** The machine stands: nothing is learnt, and an alarm that is active ends. */
  stand(
    ts: number,
    value: number,
    subject: Subject,
    findings: Finding[] | undefined,
  ): Finding[] | undefined {
    this.#score = 0;
    if (!this.#active) return findings;
    this.#active = false;
    const found = findings ?? [];
    const message = `${nameOf(subject)} is not judged while the machine stands`;
    const cleared = finding(false, ts, value, this.#detector.explain(), subject);
    found.push({ ...cleared, message });
    return found;
  }

  #admit(surprise: number): number {
    this.#bar = 1 + (this.#bar - 1) * BAR_KEPT;
    const ratio = surprise / (this.#bar * this.#surpriseMin);
    const isLearning = this.#learning > 0;
    if (isLearning) this.#learning -= 1;
    this.#calm = ratio < 1 ? this.#calm + 1 : 0;
    if (this.#rest > 0) {
      this.#rest -= 1;
      return 0;
    }
    if (ratio >= 1) {
      this.#rest = REST_VALUES;
      this.#bar += BAR_GAIN;
    }
    // Not ratio / (1 + ratio): that is no number for an infinite surprise.
    return isLearning ? 0 : 1 - 1 / (1 + ratio);
  }
}

function finding(
  active: boolean,
  ts: number,
  value: number,
  why: Explanation,
  subject: Subject,
): Finding {
  return {
    rule: "anomaly",
    state: active ? "active" : "cleared",
    priority: "low",
    ts,
    value,
    expected: why.expected,
    message: active ? sentence(value, why, subject) : `${nameOf(subject)} behaves as usual again`,
  };
}

function sentence(value: number, why: Explanation, subject: Subject): string {
  const is = `${nameOf(subject)} is ${amount(value, subject)}`;
  const usual = amount(why.expected, subject);
  switch (why.feature) {
    case "level":
      return value > why.expected
        ? `${is}, higher than ever before (so far at most ${usual})`
        : `${is}, lower than ever before (so far at least ${usual})`;
    case "jump":
      return `${is}, a jump from about ${usual} that is larger than any before`;
    case "shift":
      return `${is}, moved away from about ${usual}`;
    case "season":
      return `${is}, where about ${usual} is usual at this time of day`;
    case "distance":
      return `${is}, far from its recent ${usual}`;
  }
}
