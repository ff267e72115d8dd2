/**
 * What is usual in each hour of the week (UTC): the mean of the value's distance to its slow trend,
 * an hour of the day each; and what each quarter of each weekday adds to that, once that weekday has
 * been seen often enough: a plant that rests on Sundays. The recent misfit against both is judged by
 * the misfit's own history. Looks at one value in four minutes, so that a day has the same shape at
 * any rate, and it costs next to nothing.
 */
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HOURS = 24;
const WEEKDAYS = 7;
const QUARTERS = 4;
const HOURS_PER_QUARTER = HOURS / QUARTERS;
const STEP_MS = 4 * 60_000;

/** Doubles. */
const AT = 0;
const COUNT = 1;
const TREND = 2;
const MISFIT = 3;
const MISFIT_MEAN = 4;
const MISFIT_VARIANCE = 5;
const FIRST_FLOAT = 6;
/** Floats, counted from the first one: a mean for each hour, one for each quarter of the week. */
const QUARTERS_AT = HOURS;
const FLOATS = HOURS + WEEKDAYS * QUARTERS;
/** Bytes, behind the floats: how often each hour was looked at, and each weekday seen. */
const WEEKDAYS_AT = HOURS;
const BYTES = HOURS + WEEKDAYS;

const FLOATS_PER_DOUBLE = 2;
const BYTES_PER_FLOAT = 4;
const DOUBLES = FIRST_FLOAT + Math.ceil((FLOATS * BYTES_PER_FLOAT + BYTES) / 8);

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
const BYTE_MAX = 255;

export class Season {
  readonly #state: StateCursor;
  readonly #place: number;
  #floats: Float32Array = new Float32Array(0);
  #floatsAt = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #bytesAt = 0;

  constructor(layout: StateLayout) {
    this.#place = layout.doubles;
    this.#state = new StateCursor(layout, DOUBLES);
  }

  /** How many standard deviations the misfit is above its usual; 0 while learning. */
  deviation(block: StateBlock, value: number, ts: number): number {
    const state = this.#state;
    state.on(block);
    const count = state.get(COUNT) + 1;
    if (count > 1 && Math.abs(ts - state.get(AT)) < STEP_MS) return 0;
    this.#on(block);
    if (count === 1 || dayOf(ts) !== dayOf(state.get(AT))) this.#count(WEEKDAYS_AT + weekdayOf(ts));
    state.set(AT, ts);
    state.set(COUNT, count);
    const misfit = this.#learnTime(value - state.get(TREND), ts);
    state.follow(TREND, value, Math.max(TREND_WEIGHT, 1 / count));
    state.follow(MISFIT, misfit, Math.max(MISFIT_WEIGHT, 1 / count));
    return this.#judge(count);
  }

  /** What is usual at this time of the week. */
  expected(block: StateBlock, ts: number): number {
    this.#state.on(block);
    this.#on(block);
    return this.#state.get(TREND) + this.#float(hourOf(ts)) + this.#ofWeekday(ts);
  }

  #learnTime(distance: number, ts: number): number {
    const hour = hourOf(ts);
    const looks = this.#byte(hour);
    const ofHour = this.#float(hour);
    const ofWeekday = this.#ofWeekday(ts);
    const misfit = distance - ofHour - ofWeekday;
    this.#count(hour);
    this.#floats[this.#floatsAt + hour] = ofHour + Math.max(1 / (looks + 1), HOUR_WEIGHT) * misfit;
    const quarter = quarterOf(ts);
    const ofQuarter = this.#float(quarter);
    this.#floats[this.#floatsAt + quarter] =
      ofQuarter + QUARTER_WEIGHT * (distance - ofHour - ofQuarter);
    return looks >= HOUR_WARM_UP ? Math.abs(misfit) : 0;
  }

  #ofWeekday(ts: number): number {
    const isKnown = this.#byte(WEEKDAYS_AT + weekdayOf(ts)) > WEEKDAY_WARM_UP;
    return isKnown ? this.#float(quarterOf(ts)) : 0;
  }

  #judge(count: number): number {
    const state = this.#state;
    const above = state.get(MISFIT) - state.get(MISFIT_MEAN);
    const variance = state.get(MISFIT_VARIANCE);
    const weight = Math.max(HISTORY_WEIGHT, 1 / count);
    state.set(MISFIT_MEAN, state.get(MISFIT_MEAN) + weight * above);
    state.set(MISFIT_VARIANCE, (1 - weight) * (variance + weight * above * above));
    return count > WARM_UP ? above / Math.sqrt(variance + VARIANCE_MIN) : 0;
  }

  #on({ floats, bytes, at }: StateBlock): void {
    this.#floats = floats;
    this.#floatsAt = (at + this.#place + FIRST_FLOAT) * FLOATS_PER_DOUBLE;
    this.#bytes = bytes;
    this.#bytesAt = (this.#floatsAt + FLOATS) * BYTES_PER_FLOAT;
  }

  #float(index: number): number {
    return this.#floats[this.#floatsAt + index] ?? Number.NaN;
  }

  #byte(index: number): number {
    return this.#bytes[this.#bytesAt + index] ?? 0;
  }

  #count(index: number): void {
    this.#bytes[this.#bytesAt + index] = Math.min(BYTE_MAX, this.#byte(index) + 1);
  }
}

function hourOf(ts: number): number {
  return positive(Math.floor(ts / HOUR_MS), HOURS);
}

function dayOf(ts: number): number {
  return Math.floor(ts / DAY_MS);
}

function weekdayOf(ts: number): number {
  return positive(dayOf(ts), WEEKDAYS);
}

/** Which float holds what this quarter of this weekday adds. */
function quarterOf(ts: number): number {
  return QUARTERS_AT + weekdayOf(ts) * QUARTERS + Math.floor(hourOf(ts) / HOURS_PER_QUARTER);
}

function positive(number: number, modulus: number): number {
  const rest = number % modulus;
  return rest < 0 ? rest + modulus : rest;
}
