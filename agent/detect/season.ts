/**
 * What is usual in each hour of the week (UTC): the mean of the value's distance to its slow trend,
 * an hour of the day each; and what each quarter of each weekday adds to that, once that weekday has
 * been seen often enough: a plant that rests on Sundays. The recent misfit against both is judged by
 * the misfit's own history. Looks at one value in each four minutes of the clock, so that a day has
 * the same shape at any rate, and it costs next to nothing.
 */
import { CoarseMeans } from "./coarse-means.ts";
import type { LevelField } from "./level-field.ts";
import { HourCodes, QuarterCodes } from "./season-codes.ts";
import type { CountField, HalfField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { FloatField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";

const STEP_MS = 4 * 60_000;
const STEPS_PER_HOUR = 15;
const HOURS = 24;
const WEEKDAYS = 7;
const QUARTERS = 4;
const HOURS_PER_QUARTER = HOURS / QUARTERS;
/** Of the number of a step, so much is kept: it is right for half a year. */
const STEP_MASK = 0xff_ff;

const WARM_UP = 150;
const HOUR_WARM_UP = 3;
/** A weekday that was seen so often before has a say. */
const WEEKDAY_WARM_UP = 3;
/** Weight of the newest value, once there are enough of them. */
const HOUR_WEIGHT = 1 / 50;
const QUARTER_WEIGHT = 1 / 300;
const TREND_WEIGHT = 1 / 2500;
const MISFIT_WEIGHT = 1 / 120;
const HISTORY_WEIGHT = 1 / 3000;

/** Keeps a standard deviation of 0 from dividing. */
const VARIANCE_MIN = 1e-12;

/** Where in the week a step is. */
interface Moment {
  readonly day: number;
  readonly weekday: number;
  /** Of the day. */
  readonly hour: number;
  /** Of the week. */
  readonly quarter: number;
}

export class Season {
  /** Number of the step that was looked at last. */
  readonly #step: HalfField;
  readonly #looks: HalfField;
  readonly #trend: LevelField;
  readonly #misfit: FloatField;
  readonly #misfitMean: FloatField;
  readonly #misfitDeviation: FloatField;
  readonly #hourCodes: HourCodes;
  readonly #hours: CoarseMeans;
  readonly #quarters: CoarseMeans;
  /** How often each weekday was seen. */
  readonly #weekdays: readonly CountField[];

  constructor(layout: StateLayout) {
    this.#step = layout.half();
    this.#looks = layout.half();
    this.#trend = layout.level();
    this.#misfit = layout.float();
    this.#misfitMean = layout.float();
    this.#misfitDeviation = layout.float();
    this.#hourCodes = new HourCodes(layout.half(HOURS), HOURS);
    this.#hours = new CoarseMeans(this.#hourCodes, layout.byte(), layout.float());
    const quarterCodes = new QuarterCodes(layout.byte(WEEKDAYS * QUARTERS), WEEKDAYS * QUARTERS);
    this.#quarters = new CoarseMeans(quarterCodes, layout.byte(), layout.float());
    this.#weekdays = Array.from({ length: WEEKDAYS }, () => layout.count(WEEKDAY_WARM_UP + 1));
  }

  /** How many standard deviations the misfit is above its usual; 0 while learning. */
  deviation(block: StateBlock, value: number, ts: number): number {
    const step = Math.floor(ts / STEP_MS);
    const passed = (step - this.#step.get(block)) & STEP_MASK;
    const looks = this.#looks.get(block);
    if (looks > 0 && passed === 0) return 0;
    const now = momentOf(step);
    this.#turn(block, looks > 0 ? momentOf(step - passed) : undefined, now);
    this.#step.set(block, step & STEP_MASK);
    this.#looks.set(block, looks + 1);
    const count = looks + 1;
    const misfit = this.#learnTime(block, value - this.#trend.get(block), now);
    this.#trend.follow(block, value, Math.max(TREND_WEIGHT, 1 / count));
    this.#misfit.follow(block, misfit, Math.max(MISFIT_WEIGHT, 1 / count));
    return this.#judge(block, count);
  }

  /** What is usual at the time of the last value. */
  expected(block: StateBlock, ts: number): number {
    const { weekday } = momentOf(Math.floor(ts / STEP_MS));
    const ofHour = this.#hours.current.get(block);
    return this.#trend.get(block) + ofHour + this.#ofWeekday(block, weekday);
  }

  #turn(block: StateBlock, last: Moment | undefined, now: Moment): void {
    if (last) {
      this.#hours.turn(block, last.hour, now.hour);
      this.#quarters.turn(block, last.quarter, now.quarter);
    }
    if (last?.day !== now.day) {
      this.#weekdays[now.weekday]?.countUp(block);
    }
  }

  #learnTime(block: StateBlock, distance: number, { hour, weekday }: Moment): number {
    const looks = this.#hourCodes.looks(block, hour);
    const ofHour = this.#hours.current.get(block);
    const misfit = distance - ofHour - this.#ofWeekday(block, weekday);
    this.#hourCodes.look(block, hour);
    this.#hours.current.set(block, ofHour + Math.max(1 / (looks + 1), HOUR_WEIGHT) * misfit);
    this.#quarters.current.follow(block, distance - ofHour, QUARTER_WEIGHT);
    return looks >= HOUR_WARM_UP ? Math.abs(misfit) : 0;
  }

  #ofWeekday(block: StateBlock, weekday: number): number {
    const isKnown = (this.#weekdays[weekday]?.get(block) ?? 0) > WEEKDAY_WARM_UP;
    return isKnown ? this.#quarters.current.get(block) : 0;
  }

  #judge(block: StateBlock, count: number): number {
    const mean = this.#misfitMean.get(block);
    const deviation = this.#misfitDeviation.get(block);
    const above = this.#misfit.get(block) - mean;
    const variance = deviation * deviation;
    const weight = Math.max(HISTORY_WEIGHT, 1 / count);
    const newVariance = (1 - weight) * (variance + weight * above * above);
    this.#misfitMean.set(block, mean + weight * above);
    this.#misfitDeviation.set(block, Math.sqrt(newVariance));
    return count > WARM_UP ? above / Math.sqrt(variance + VARIANCE_MIN) : 0;
  }
}

function momentOf(step: number): Moment {
  const hours = Math.floor(step / STEPS_PER_HOUR);
  const day = Math.floor(hours / HOURS);
  const hour = hours - day * HOURS;
  const weekday = day - WEEKDAYS * Math.floor(day / WEEKDAYS);
  const quarter = weekday * QUARTERS + Math.floor(hour / HOURS_PER_QUARTER);
  return { day, weekday, hour, quarter };
}
