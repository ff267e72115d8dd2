/**
 * The last values of a series, for the small picture in an alarm: a byte each, as so many steps from
 * the lowest one. A step is 1, 2 or 5 times a power of ten, so that values of few digits come back as
 * they were. It grows as soon as the picture does not fit, and shrinks once in a picture's length: a
 * point is off by about a hundredth of the height that the picture had of late, at most by a fiftieth.
 */
import { ALARM_POINTS_MAX } from "#core/alarm.ts";
import { inSteps, STEP_SIZES, sizeFor, valueOf } from "./decimal-steps.ts";
import type { ByteField, CountField, WordField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { StateBlock } from "./state-slabs.ts";

const POINT_MAX = 255;
/** So many of a byte's steps the picture has when its step is chosen: there is room for more. */
const HEIGHT = 200;
/** A picture that is lower than this gets a finer step. */
const HEIGHT_MIN = 60;
/** Steps from zero to the lowest point, either way. */
const LOWEST_MAX = 2 ** 31 - 1 - POINT_MAX;

export class Sparkline {
  readonly #points: ByteField;
  /** How many there are; from 30 on, 30 and the place of the oldest one. */
  readonly #count: CountField;
  readonly #size: ByteField;
  /** Of the lowest point, in steps: a signed number. */
  readonly #lowest: WordField;

  constructor(layout: StateLayout) {
    this.#points = layout.byte(ALARM_POINTS_MAX);
    this.#count = layout.count(2 * ALARM_POINTS_MAX - 1);
    this.#size = layout.byte();
    this.#lowest = layout.word();
  }

  /** What is too large for a picture is left out. */
  push(block: StateBlock, value: number): void {
    const count = this.#count.get(block);
    const place = count < ALARM_POINTS_MAX ? count : count - ALARM_POINTS_MAX;
    if (place === 0 && count > 0) this.#refine(block);
    let point = this.#pointOf(block, value);
    if (count === 0 || !(point >= 0 && point <= POINT_MAX)) {
      if (!this.#widen(block, value, count)) return;
      point = this.#pointOf(block, value);
    }
    this.#points.set(block, point, place);
    this.#count.set(block, place + 1 === ALARM_POINTS_MAX ? ALARM_POINTS_MAX : count + 1);
  }

  /** Newest last. */
  points(block: StateBlock): number[] {
    const count = this.#count.get(block);
    const size = this.#size.get(block);
    const lowest = this.#lowestOf(block);
    const points: number[] = [];
    for (let i = Math.max(0, count - ALARM_POINTS_MAX); i < count; i++) {
      points.push(valueOf(lowest + this.#points.get(block, i % ALARM_POINTS_MAX), size));
    }
    return points;
  }

  #lowestOf(block: StateBlock): number {
    return this.#lowest.get(block) | 0;
  }

  #pointOf(block: StateBlock, value: number): number {
    return inSteps(value, this.#size.get(block)) - this.#lowestOf(block);
  }

  /** A finer step, where the picture has become lower. */
  #refine(block: StateBlock): void {
    let [low, high] = [POINT_MAX, 0];
    for (let i = 0; i < ALARM_POINTS_MAX; i++) {
      const point = this.#points.get(block, i);
      if (point < low) low = point;
      if (point > high) high = point;
    }
    if (high - low >= HEIGHT_MIN) return;
    const size = this.#size.get(block);
    const lowest = this.#lowestOf(block);
    this.#redraw(
      block,
      this.points(block),
      valueOf(lowest + low, size),
      valueOf(lowest + high, size),
    );
  }

  /** @returns whether the value fits now */
  #widen(block: StateBlock, value: number, count: number): boolean {
    const points = count > 0 ? this.points(block) : [];
    return this.#redraw(block, points, Math.min(value, ...points), Math.max(value, ...points));
  }

  #redraw(block: StateBlock, points: readonly number[], low: number, high: number): boolean {
    const farthest = Math.max(Math.abs(low), Math.abs(high));
    const size = sizeFor(Math.max((high - low) / HEIGHT, farthest / LOWEST_MAX));
    if (size >= STEP_SIZES) return false;
    const middle = inSteps(low, size) + inSteps(high, size);
    const lowest = Math.ceil((middle - POINT_MAX) / 2);
    const first = this.#count.get(block) - points.length;
    for (let i = 0; i < points.length; i++) {
      const point = inSteps(points[i] ?? low, size) - lowest;
      this.#points.set(block, point, (first + i) % ALARM_POINTS_MAX);
    }
    this.#size.set(block, size);
    this.#lowest.set(block, lowest >>> 0);
    return true;
  }
}
