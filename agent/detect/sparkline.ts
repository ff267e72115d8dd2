/** The last values of a series, for the small picture in an alarm: as floats, that is to seven digits. */
import { ALARM_POINTS_MAX } from "#core/alarm.ts";
import { shortestFloat32 } from "#core/float32.ts";
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";

const COUNT = 0;
const FIRST_FLOAT = 1;
const FLOATS_PER_DOUBLE = 2;
const DOUBLES = FIRST_FLOAT + ALARM_POINTS_MAX / FLOATS_PER_DOUBLE;

export class Sparkline {
  readonly #place: number;
  readonly #state: StateCursor;

  constructor(layout: StateLayout) {
    this.#place = layout.doubles;
    this.#state = new StateCursor(layout, DOUBLES);
  }

  push(block: StateBlock, value: number): void {
    this.#state.on(block);
    const count = this.#state.get(COUNT);
    block.floats[this.#floatsAt(block) + (count % ALARM_POINTS_MAX)] = value;
    this.#state.set(COUNT, count + 1);
  }

  /** Newest last. What is too large for a float is left out. */
  points(block: StateBlock): number[] {
    this.#state.on(block);
    const count = this.#state.get(COUNT);
    const points: number[] = [];
    for (let i = Math.max(0, count - ALARM_POINTS_MAX); i < count; i++) {
      const point = block.floats[this.#floatsAt(block) + (i % ALARM_POINTS_MAX)] ?? Number.NaN;
      if (Number.isFinite(point)) points.push(shortestFloat32(point));
    }
    return points;
  }

  #floatsAt({ at }: StateBlock): number {
    return (at + this.#place + FIRST_FLOAT) * FLOATS_PER_DOUBLE;
  }
}
