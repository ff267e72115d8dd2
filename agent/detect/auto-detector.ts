/**
 * Finds unusual values without tuning, from three records, the time of day and the day of the week.
 *
 * A record is judged by its excess over the range that a view of the series has had, relative to
 * the range, times ln(1 + n/k): the longer a series has kept within, the more a break means. The
 * views are the value itself (level), the value against its recent mean (jump), and the recent mean
 * against the slow one (shift); the season adds what is usual at an hour of the week. The most
 * surprising view wins, and is the explanation.
 *
 * Ranges age by two epochs: a record is forgotten after two of them. O(1) a value, 464 B of numbers.
 */
import type { AnomalyDetector, Explanation, View } from "./anomaly-detector.ts";
import {
  emptyRange,
  excess,
  extendRange,
  highest,
  lowest,
  RANGE_SIZE,
  rotateRange,
} from "./record-range.ts";
import { Season } from "./season.ts";
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";

/** Lengths of the running means, in values. */
const JUMP = 32;
const SHIFT = 64;
const SLOW = 256;

/** From this on a view's surprise is unusual. */
export interface ViewLimits {
  readonly level: number;
  readonly jump: number;
  readonly shift: number;
  readonly season: number;
}

export const VIEW_LIMITS: ViewLimits = { level: 0.6, jump: 0.45, shift: 0.1, season: 2.5 };

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
const DOUBLES = SHIFT_RANGE + RANGE_SIZE;

const RANGES = [LEVEL_RANGE, JUMP_RANGE, SHIFT_RANGE] as const;

export class AutoDetector implements AnomalyDetector {
  readonly #limits: ViewLimits;
  readonly #state: StateCursor;
  readonly #season: Season;
  #view: View = "level";
  #expected = Number.NaN;

  /** @param limits other than the product's, to see what they are worth */
  constructor(layout: StateLayout, limits = VIEW_LIMITS) {
    this.#limits = limits;
    this.#state = new StateCursor(layout, DOUBLES);
    this.#season = new Season(layout);
  }

  begin(block: StateBlock): void {
    this.#state.on(block);
    for (const range of RANGES) emptyRange(this.#state, range);
  }

  surprise(block: StateBlock, value: number, ts: number): number {
    const state = this.#state;
    const limits = this.#limits;
    state.on(block);
    const seen = this.#countIn(ts);
    const count = state.get(COUNT);
    const recent = count === 1 ? value : state.get(MEAN_JUMP);
    state.follow(MEAN_JUMP, value, Math.max(1 / JUMP, 1 / count));
    const middle = state.follow(MEAN_SHIFT, value, Math.max(1 / SHIFT, 1 / count));
    const slow = state.follow(MEAN_SLOW, value, Math.max(1 / SLOW, 1 / count));

    const level = this.#record(LEVEL_RANGE, value, seen, 1, LEVEL_WARM_UP) / limits.level;
    const jump = this.#record(JUMP_RANGE, value - recent, seen, JUMP, JUMP_WARM_UP) / limits.jump;
    const shift =
      this.#record(SHIFT_RANGE, middle - slow, seen, SHIFT, SHIFT_WARM_UP) / limits.shift;
    const season = this.#season.deviation(block, value, ts) / limits.season;
    const worst = Math.max(level, jump, shift, season);
    if (worst >= 1) {
      if (worst === level) this.#because("level", this.#nearestBound(value));
      else if (worst === jump) this.#because("jump", recent);
      else if (worst === shift) this.#because("shift", slow);
      else this.#because("season", this.#season.expected(block, ts));
    }
    this.#learn(LEVEL_RANGE, value, seen, 1);
    this.#learn(JUMP_RANGE, value - recent, seen, JUMP);
    this.#learn(SHIFT_RANGE, middle - slow, seen, SHIFT);
    return worst;
  }

  explain(): Explanation {
    return { view: this.#view, expected: this.#expected };
  }

  /** What the value's way there, and a stay there, would be: all three ranges take it in. */
  accept(block: StateBlock, value: number): void {
    const state = this.#state;
    state.on(block);
    extendRange(state, LEVEL_RANGE, value);
    const distance = value - state.get(MEAN_SLOW);
    for (const range of [JUMP_RANGE, SHIFT_RANGE]) {
      extendRange(state, range, distance);
      extendRange(state, range, -distance);
    }
  }

  /** Counts the value in, turning the epoch over first if it is due; how many the ranges hold. */
  #countIn(ts: number): number {
    const state = this.#state;
    if (state.get(COUNT) === 0) state.set(EPOCH_START, ts);
    if (state.get(EPOCH_COUNT) >= EPOCH_VALUES && ts - state.get(EPOCH_START) >= EPOCH_MS) {
      state.set(OLD_EPOCH_COUNT, state.get(EPOCH_COUNT));
      state.set(EPOCH_COUNT, 0);
      state.set(EPOCH_START, ts);
      for (const range of RANGES) rotateRange(state, range);
    }
    state.set(COUNT, state.get(COUNT) + 1);
    state.set(EPOCH_COUNT, state.get(EPOCH_COUNT) + 1);
    return state.get(EPOCH_COUNT) + state.get(OLD_EPOCH_COUNT);
  }

  /** `length`: over how many values the view's means run. */
  #record(range: number, value: number, seen: number, length: number, warmUp: number): number {
    if (seen <= warmUp) return 0;
    const outside = excess(this.#state, range, value);
    return outside === 0 ? 0 : outside * Math.log(1 + seen / length);
  }

  /** A view's first values, in which its means settle, are not of its range. */
  #learn(range: number, value: number, seen: number, length: number): void {
    if (seen >= 2 * length) extendRange(this.#state, range, value);
  }

  #nearestBound(value: number): number {
    const high = highest(this.#state, LEVEL_RANGE);
    return value > high ? high : lowest(this.#state, LEVEL_RANGE);
  }

  #because(view: View, expected: number): void {
    this.#view = view;
    this.#expected = expected;
  }
}
