/**
 * Finds unusual values without tuning, from three records, the time of day and the day of the week.
 *
 * A record is judged by its excess over the range that a view of the series has had, relative to
 * the range, times ln(1 + n/k): the longer a series has kept within, the more a break means. The
 * views are the value itself (level), the value against its recent mean (jump), and the recent mean
 * against the slow one (shift); the season adds what is usual at an hour of the week. The most
 * surprising view wins, and is the explanation.
 *
 * Ranges age by two epochs: a record is forgotten after two of them. O(1) a value, some 200 B of numbers.
 */
import {
  type AnomalyDetector,
  type Explanation,
  LEARNING_VALUES,
  type View,
} from "./anomaly-detector.ts";
import type { Origin } from "./level-field.ts";
import { RecordRange } from "./record-range.ts";
import { Season } from "./season.ts";
import type { HalfField, WordField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { DoubleField, FloatField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";
import type { HalfHourField } from "./state-times.ts";

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
/** How many values an epoch had is remembered to so many. */
const OLD_VALUES_UNIT = 256;

export class AutoDetector implements AnomalyDetector {
  readonly #limits: ViewLimits;
  readonly #origin: Origin;
  readonly #slow: DoubleField;
  /** The shorter means, as their distance from the slow one. */
  readonly #recent: FloatField;
  readonly #middle: FloatField;
  /** Values of this epoch, and of the one before. */
  readonly #values: WordField;
  readonly #oldValues: HalfField;
  readonly #epochStart: HalfHourField;
  /** Of the values, as distances from the origin. */
  readonly #level: RecordRange;
  readonly #jump: RecordRange;
  readonly #shift: RecordRange;
  readonly #season: Season;
  #view: View = "level";
  #expected = Number.NaN;

  /** @param limits other than the product's, to see what they are worth */
  constructor(layout: StateLayout, limits = VIEW_LIMITS) {
    this.#limits = limits;
    this.#origin = layout.origin;
    this.#slow = layout.double();
    this.#recent = layout.float();
    this.#middle = layout.float();
    this.#values = layout.word();
    this.#oldValues = layout.half();
    this.#epochStart = layout.halfHour();
    this.#level = new RecordRange(() => layout.distance());
    this.#jump = new RecordRange(() => layout.float());
    this.#shift = new RecordRange(() => layout.float());
    this.#season = new Season(layout);
  }

  begin(block: StateBlock): void {
    for (const range of this.#ranges()) range.clear(block);
  }

  surprise(block: StateBlock, value: number, ts: number): number {
    const limits = this.#limits;
    const seen = this.#countIn(block, value, ts);
    const before = this.#slow.get(block);
    const recentBefore = before + this.#recent.get(block);
    const middleBefore = before + this.#middle.get(block);
    const recent = seen === 1 ? value : recentBefore;
    const slow = before + Math.max(1 / SLOW, 1 / seen) * (value - before);
    const shifted = middleBefore + Math.max(1 / SHIFT, 1 / seen) * (value - middleBefore) - slow;
    const jumpWeight = Math.max(1 / JUMP, 1 / seen);
    this.#slow.set(block, slow);
    this.#recent.set(block, recentBefore + jumpWeight * (value - recentBefore) - slow);
    this.#middle.set(block, shifted);

    const place = value - this.#origin.get(block);
    const jumped = value - recent;
    const level = recordOf(this.#level, block, place, seen, 1, LEVEL_WARM_UP) / limits.level;
    const jump = recordOf(this.#jump, block, jumped, seen, JUMP, JUMP_WARM_UP) / limits.jump;
    const shift = recordOf(this.#shift, block, shifted, seen, SHIFT, SHIFT_WARM_UP) / limits.shift;
    const season = this.#season.deviation(block, value, ts) / limits.season;
    const worst = Math.max(level, jump, shift, season);
    if (worst >= 1) {
      if (worst === level) this.#because("level", this.#nearestBound(block, place));
      else if (worst === jump) this.#because("jump", recent);
      else if (worst === shift) this.#because("shift", slow);
      else this.#because("season", this.#season.expected(block, ts));
    }
    learn(this.#level, block, place, seen, 1);
    learn(this.#jump, block, jumped, seen, JUMP);
    learn(this.#shift, block, shifted, seen, SHIFT);
    return worst;
  }

  seen(block: StateBlock): number {
    return Math.min(LEARNING_VALUES, this.#seenOf(block, this.#values.get(block)));
  }

  explain(): Explanation {
    return { view: this.#view, expected: this.#expected };
  }

  /** What the value's way there, and a stay there, would be: all three ranges take it in. */
  accept(block: StateBlock, value: number): void {
    this.#level.extend(block, value - this.#origin.get(block));
    const distance = value - this.#slow.get(block);
    for (const range of [this.#jump, this.#shift]) {
      range.extend(block, distance);
      range.extend(block, -distance);
    }
  }

  /** Counts the value in, turning the epoch over first if it is due; how many the ranges hold. */
  #countIn(block: StateBlock, value: number, ts: number): number {
    let values = this.#values.get(block);
    if (values === 0) {
      this.#origin.settle(block, value);
      this.#epochStart.set(block, ts);
    }
    if (values >= EPOCH_VALUES && this.#epochStart.passedMs(block, ts) >= EPOCH_MS) {
      this.#oldValues.set(block, Math.floor(values / OLD_VALUES_UNIT));
      this.#epochStart.set(block, ts);
      for (const range of this.#ranges()) range.turn(block);
      values = 0;
    }
    this.#values.set(block, values + 1);
    return this.#seenOf(block, values + 1);
  }

  #seenOf(block: StateBlock, values: number): number {
    return values + OLD_VALUES_UNIT * this.#oldValues.get(block);
  }

  #nearestBound(block: StateBlock, place: number): number {
    const high = this.#level.highest(block);
    return this.#origin.get(block) + (place > high ? high : this.#level.lowest(block));
  }

  #ranges(): RecordRange[] {
    return [this.#level, this.#jump, this.#shift];
  }

  #because(view: View, expected: number): void {
    this.#view = view;
    this.#expected = expected;
  }
}

/** `length`: over how many values the view's means run. */
function recordOf(
  range: RecordRange,
  block: StateBlock,
  value: number,
  seen: number,
  length: number,
  warmUp: number,
): number {
  if (seen <= warmUp) return 0;
  const outside = range.excess(block, value);
  return outside === 0 ? 0 : outside * Math.log(1 + seen / length);
}

/** A view's first values, in which its means settle, are not of its range. */
function learn(
  range: RecordRange,
  block: StateBlock,
  value: number,
  seen: number,
  length: number,
): void {
  if (seen >= 2 * length) range.extend(block, value);
}
