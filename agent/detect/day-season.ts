/**
 * What is usual in each hour of the day (UTC): the mean of the value's distance to its slow trend,
 * an hour each. The recent misfit against it is judged by the misfit's own history. Looks at one
 * value in four minutes, so that a day has the same shape at any rate, and it costs next to nothing.
 */
const HOUR_MS = 3_600_000;
const HOURS = 24;
const STEP_MS = 4 * 60_000;

/** Numbers of a state block: doubles, and floats (a mean and a count for each hour). */
export const SEASON_DOUBLES = 6;
export const SEASON_FLOATS = 2 * HOURS;

const AT = 0;
const COUNT = 1;
const TREND = 2;
const MISFIT = 3;
const MISFIT_MEAN = 4;
const MISFIT_VARIANCE = 5;

const WARM_UP = 150;
const HOUR_WARM_UP = 3;
/** Weight of the newest value, once there are enough of them. */
const HOUR_WEIGHT = 1 / 50;
const TREND_WEIGHT = 1 / 2500;
const MISFIT_WEIGHT = 1 / 120;
const HISTORY_WEIGHT = 1 / 3000;

/** Keeps a standard deviation of 0 from dividing. */
const VARIANCE_MIN = 1e-12;

export class DaySeason {
  readonly #s: Float64Array;
  readonly #o: number;
  readonly #hours: Float32Array;
  readonly #h: number;

  /** The numbers lie in `doubles` and `floats` from the given places on, all zero at first. */
  constructor(doubles: Float64Array, doublesAt: number, floats: Float32Array, floatsAt: number) {
    this.#s = doubles;
    this.#o = doublesAt;
    this.#hours = floats;
    this.#h = floatsAt;
  }

  /** How many standard deviations the misfit is above its usual; 0 while learning. */
  deviation(value: number, ts: number): number {
    if (this.#get(COUNT) > 0 && Math.abs(ts - this.#get(AT)) < STEP_MS) return 0;
    this.#set(AT, ts);
    const count = this.#get(COUNT) + 1;
    this.#set(COUNT, count);

    const hour = this.#h + 2 * hourOf(ts);
    const distance = value - this.#get(TREND);
    const misfit = this.#learnHour(hour, distance);
    this.#follow(TREND, value, Math.max(TREND_WEIGHT, 1 / count));
    this.#follow(MISFIT, misfit, Math.max(MISFIT_WEIGHT, 1 / count));
    return this.#judge(count);
  }

  /** What is usual at this time of day. */
  expected(ts: number): number {
    return this.#get(TREND) + (this.#hours[this.#h + 2 * hourOf(ts)] ?? 0);
  }

  #learnHour(hour: number, distance: number): number {
    const mean = this.#hours[hour] ?? 0;
    const count = this.#hours[hour + 1] ?? 0;
    this.#hours[hour + 1] = count + 1;
    this.#hours[hour] = mean + Math.max(1 / (count + 1), HOUR_WEIGHT) * (distance - mean);
    return count >= HOUR_WARM_UP ? Math.abs(distance - mean) : 0;
  }

  #judge(count: number): number {
    const above = this.#get(MISFIT) - this.#get(MISFIT_MEAN);
    const variance = this.#get(MISFIT_VARIANCE);
    const weight = Math.max(HISTORY_WEIGHT, 1 / count);
    this.#set(MISFIT_MEAN, this.#get(MISFIT_MEAN) + weight * above);
    this.#set(MISFIT_VARIANCE, (1 - weight) * (variance + weight * above * above));
    return count > WARM_UP ? above / Math.sqrt(variance + VARIANCE_MIN) : 0;
  }

  #follow(place: number, value: number, weight: number): void {
    const mean = this.#get(place);
    this.#set(place, mean + weight * (value - mean));
  }

  #get(place: number): number {
    return this.#s[this.#o + place] ?? Number.NaN;
  }

  #set(place: number, value: number): void {
    this.#s[this.#o + place] = value;
  }
}

function hourOf(ts: number): number {
  const hour = Math.floor(ts / HOUR_MS) % HOURS;
  return hour < 0 ? hour + HOURS : hour;
}
