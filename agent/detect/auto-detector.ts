/**
 * Finds unusual values without tuning, from three records and the time of day.
 *
 * A record is judged by its excess over the range that a view of the series has had, relative to
 * the range, times ln(1 + n/k): the longer a series has kept within, the more a break means. The
 * views are the value itself (level), the value against its recent mean (jump), and the recent mean
 * against the slow one (shift); the season adds what is usual at an hour of the day. The most
 * surprising view wins, and is the explanation.
 *
 * Ranges age by two epochs: a record is forgotten after two of them. O(1) a value, 392 B of numbers.
 */
import type { AnomalyDetector, Explanation } from "./anomaly-detector.ts";
import { DaySeason, SEASON_DOUBLES, SEASON_FLOATS } from "./day-season.ts";
import {
  emptyRange,
  excess,
  extendRange,
  highest,
  lowest,
  RANGE_SIZE,
  rotateRange,
} from "./record-range.ts";
import { type StateBlock, StateSlabs } from "./state-slabs.ts";

/** Lengths of the running means, in values. */
const JUMP = 32;
const SHIFT = 64;
const SLOW = 256;

/** From this on a view's surprise is unusual. */
const LEVEL_LIMIT = 0.3;
const JUMP_LIMIT = 0.25;
const SHIFT_LIMIT = 0.09;
const SEASON_LIMIT = 2.5;

/** A view learns so many values before it says anything: the first records are none. */
const LEVEL_WARM_UP = 2;
const JUMP_WARM_UP = 2 * JUMP;
const SHIFT_WARM_UP = 2 * SHIFT;

/** An epoch ends when it has both this many values and this much time. */
const EPOCH_VALUES = 20_000;
const EPOCH_MS = 7 * 86_400_000;

const COUNT = 0;
const MEAN_JUMP = 1;
const MEAN_SHIFT = 2;
const MEAN_SLOW = 3;
const EPOCH_COUNT = 4;
const OLD_EPOCH_COUNT = 5;
const EPOCH_START = 6;
const LEVEL_RANGE = 7;
const JUMP_RANGE = LEVEL_RANGE + RANGE_SIZE;
const SHIFT_RANGE = JUMP_RANGE + RANGE_SIZE;
const SEASON = SHIFT_RANGE + RANGE_SIZE;
const DOUBLES = SEASON + SEASON_DOUBLES;

const RANGES = [LEVEL_RANGE, JUMP_RANGE, SHIFT_RANGE] as const;

/** Makes automatic detectors whose numbers lie together. */
export class AutoDetectors {
  readonly #slabs = new StateSlabs(DOUBLES, SEASON_FLOATS);

  create(): AutoDetector {
    return new AutoDetector(this.#slabs.take());
  }
}

export class AutoDetector implements AnomalyDetector {
  readonly #s: Float64Array;
  readonly #o: number;
  readonly #season: DaySeason;
  #explanation: Explanation | undefined;

  constructor(block: StateBlock) {
    this.#s = block.doubles;
    this.#o = block.doublesAt;
    this.#season = new DaySeason(block.doubles, this.#o + SEASON, block.floats, block.floatsAt);
    for (const range of RANGES) emptyRange(this.#s, this.#o + range);
  }

  surprise(value: number, ts: number): number {
    const seen = this.#countIn(ts);
    const count = this.#get(COUNT);
    const recent = count === 1 ? value : this.#get(MEAN_JUMP);
    this.#follow(MEAN_JUMP, value, Math.max(1 / JUMP, 1 / count));
    const middle = this.#follow(MEAN_SHIFT, value, Math.max(1 / SHIFT, 1 / count));
    const slow = this.#follow(MEAN_SLOW, value, Math.max(1 / SLOW, 1 / count));

    const level = this.#record(LEVEL_RANGE, value, seen, 1, LEVEL_WARM_UP) / LEVEL_LIMIT;
    const jump = this.#record(JUMP_RANGE, value - recent, seen, JUMP, JUMP_WARM_UP) / JUMP_LIMIT;
    const shift =
      this.#record(SHIFT_RANGE, middle - slow, seen, SHIFT, SHIFT_WARM_UP) / SHIFT_LIMIT;
    const season = this.#season.deviation(value, ts) / SEASON_LIMIT;
    const worst = Math.max(level, jump, shift, season);
    if (worst >= 1) {
      if (worst === level) this.#because("level", this.#nearestBound(value));
      else if (worst === jump) this.#because("jump", recent);
      else if (worst === shift) this.#because("shift", slow);
      else this.#because("season", this.#season.expected(ts));
    }
    this.#learn(LEVEL_RANGE, value, seen, 1);
    this.#learn(JUMP_RANGE, value - recent, seen, JUMP);
    this.#learn(SHIFT_RANGE, middle - slow, seen, SHIFT);
    return worst;
  }

  explain(): Explanation {
    return this.#explanation ?? { feature: "level", expected: this.#get(MEAN_SLOW) };
  }

  /** Counts the value in, turning the epoch over first if it is due; how many the ranges hold. */
  #countIn(ts: number): number {
    if (this.#get(COUNT) === 0) this.#set(EPOCH_START, ts);
    if (this.#get(EPOCH_COUNT) >= EPOCH_VALUES && ts - this.#get(EPOCH_START) >= EPOCH_MS) {
      this.#set(OLD_EPOCH_COUNT, this.#get(EPOCH_COUNT));
      this.#set(EPOCH_COUNT, 0);
      this.#set(EPOCH_START, ts);
      for (const range of RANGES) rotateRange(this.#s, this.#o + range);
    }
    this.#set(COUNT, this.#get(COUNT) + 1);
    this.#set(EPOCH_COUNT, this.#get(EPOCH_COUNT) + 1);
    return this.#get(EPOCH_COUNT) + this.#get(OLD_EPOCH_COUNT);
  }

  /** `length`: over how many values the view's means run. */
  #record(range: number, value: number, seen: number, length: number, warmUp: number): number {
    if (seen <= warmUp) return 0;
    const outside = excess(this.#s, this.#o + range, value);
    return outside === 0 ? 0 : outside * Math.log(1 + seen / length);
  }

  /** A view's first values, in which its means settle, are not of its range. */
  #learn(range: number, value: number, seen: number, length: number): void {
    if (seen >= 2 * length) extendRange(this.#s, this.#o + range, value);
  }

  #nearestBound(value: number): number {
    const high = highest(this.#s, this.#o + LEVEL_RANGE);
    return value > high ? high : lowest(this.#s, this.#o + LEVEL_RANGE);
  }

  #because(feature: Explanation["feature"], expected: number): void {
    this.#explanation = { feature, expected };
  }

  #follow(place: number, value: number, weight: number): number {
    const mean = this.#get(place);
    const next = mean + weight * (value - mean);
    this.#set(place, next);
    return next;
  }

  #get(place: number): number {
    return this.#s[this.#o + place] ?? Number.NaN;
  }

  #set(place: number, value: number): void {
    this.#s[this.#o + place] = value;
  }
}
