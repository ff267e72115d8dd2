/**
 * How often a series speaks, on one scale of time: the mean interval, and the longest of this week and
 * the one before. A hole far beyond is a fault and teaches nothing, until it has come so often that it
 * is the series' way: a machine that is switched off at night. Six numbers of a state block.
 */
import type { StateCursor } from "./state-cursor.ts";

export const RHYTHM_SIZE = 6;

const COUNT = 0;
const MEAN_MS = 1;
const LONGEST_MS = 2;
const OLD_LONGEST_MS = 3;
/** Holes of this week. */
const HOLES = 4;
const WEEK_START = 5;

const WEEK_MS = 7 * 86_400_000;
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

/** The longest silence that is usual; infinite while too little is known. */
export function usualSilenceMs(state: StateCursor, at: number, patience: Patience): number {
  return state.get(at + COUNT) < WARM_UP
    ? Number.POSITIVE_INFINITY
    : longestUsualMs(state, at, patience);
}

function longestUsualMs(
  state: StateCursor,
  at: number,
  { means, longests, leastMs }: Patience,
): number {
  const longestMs = Math.max(state.get(at + LONGEST_MS), state.get(at + OLD_LONGEST_MS));
  return Math.max(leastMs, means * state.get(at + MEAN_MS), longests * longestMs);
}

export function meanIntervalMs(state: StateCursor, at: number): number {
  return state.get(at + MEAN_MS);
}

/** @returns whether it was a hole, by what is known well enough to say so */
export function learnInterval(
  state: StateCursor,
  at: number,
  intervalMs: number,
  patience: Patience,
  ts: number,
): boolean {
  turnWeek(state, at, ts);
  const known = state.get(at + COUNT);
  const isHole = known >= HOLES_FROM && intervalMs > longestUsualMs(state, at, patience);
  if (isHole) {
    const holes = state.get(at + HOLES) + 1;
    state.set(at + HOLES, holes);
    if (holes < (intervalMs < LONG_HOLE_MS ? SHORT_HOLES_TEACH : LONG_HOLES_TEACH))
      return known >= WARM_UP;
  }
  const count = known + 1;
  state.set(at + COUNT, count);
  // One night of silence is no mean: only the longest interval learns from holes.
  if (!isHole) state.follow(at + MEAN_MS, intervalMs, Math.max(MEAN_WEIGHT, 1 / count));
  if (intervalMs > state.get(at + LONGEST_MS)) state.set(at + LONGEST_MS, intervalMs);
  return isHole && known >= WARM_UP;
}

function turnWeek(state: StateCursor, at: number, ts: number): void {
  if (state.get(at + COUNT) === 0) state.set(at + WEEK_START, ts);
  if (Math.abs(ts - state.get(at + WEEK_START)) < WEEK_MS) return;
  state.set(at + WEEK_START, ts);
  state.set(at + OLD_LONGEST_MS, state.get(at + LONGEST_MS));
  state.set(at + LONGEST_MS, 0);
  state.set(at + HOLES, 0);
}
