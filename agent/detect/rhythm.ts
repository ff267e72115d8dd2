/**
 * How often a series speaks, on one scale of time: the mean interval, and the longest of this week and
 * the one before. A hole far beyond is a fault and teaches nothing, until it has come so often that it
 * is the series' way: a machine that is switched off at night.
 */
import type { CountField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { FloatField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";

/** Intervals to learn from before a silence can be too long. */
const WARM_UP = 64;
/** Already from so many on, a hole is told from an interval. */
const HOLES_FROM = 8;
const MEAN_WEIGHT = 1 / 64;
/** The hole of this week that teaches: long ones come night by night, short ones from bad contacts. */
const LONG_HOLE_MS = 3_600_000;
const LONG_HOLES_TEACH = 3;
const SHORT_HOLES_TEACH = 10;

/** What is usual: so many mean intervals, so many of the longest one, and at least so long. */
export interface Patience {
  readonly means: number;
  readonly longests: number;
  readonly leastMs: number;
}

export class Rhythm {
  /** Intervals learnt, until there were enough of them. */
  readonly #count: CountField;
  readonly #meanMs: FloatField;
  readonly #longestMs: FloatField;
  readonly #oldLongestMs: FloatField;
  /** Of this week. */
  readonly #holes: CountField;

  constructor(layout: StateLayout) {
    this.#count = layout.count(WARM_UP);
    this.#meanMs = layout.float();
    this.#longestMs = layout.float();
    this.#oldLongestMs = layout.float();
    this.#holes = layout.count(SHORT_HOLES_TEACH);
  }

  /** The longest silence that is usual; infinite while too little is known. */
  usualSilenceMs(block: StateBlock, patience: Patience): number {
    return this.#count.get(block) < WARM_UP
      ? Number.POSITIVE_INFINITY
      : this.#longestUsualMs(block, patience);
  }

  meanIntervalMs(block: StateBlock): number {
    return this.#meanMs.get(block);
  }

  /** @returns whether it was a hole, by what is known well enough to say so */
  learn(block: StateBlock, intervalMs: number, patience: Patience): boolean {
    const known = this.#count.get(block);
    const isHole = known >= HOLES_FROM && intervalMs > this.#longestUsualMs(block, patience);
    if (isHole) {
      const holes = this.#holes.get(block) + 1;
      this.#holes.set(block, holes);
      if (holes < (intervalMs < LONG_HOLE_MS ? SHORT_HOLES_TEACH : LONG_HOLES_TEACH))
        return known >= WARM_UP;
    }
    const count = known + 1;
    this.#count.set(block, count);
    // One night of silence is no mean: only the longest interval learns from holes.
    if (!isHole) this.#meanMs.follow(block, intervalMs, Math.max(MEAN_WEIGHT, 1 / count));
    if (intervalMs > this.#longestMs.get(block)) this.#longestMs.set(block, intervalMs);
    return isHole && known >= WARM_UP;
  }

  turnWeek(block: StateBlock): void {
    this.#oldLongestMs.set(block, this.#longestMs.get(block));
    this.#longestMs.set(block, 0);
    this.#holes.set(block, 0);
  }

  forget(block: StateBlock): void {
    this.#count.set(block, 0);
    this.#meanMs.set(block, 0);
    this.#longestMs.set(block, 0);
    this.#oldLongestMs.set(block, 0);
    this.#holes.set(block, 0);
  }

  #longestUsualMs(block: StateBlock, { means, longests, leastMs }: Patience): number {
    const longestMs = Math.max(this.#longestMs.get(block), this.#oldLongestMs.get(block));
    return Math.max(leastMs, means * this.#meanMs.get(block), longests * longestMs);
  }
}
