/**
 * The range that a view of a series has had, in two epochs so that old records are forgotten:
 * four numbers of a state block, the low and high of this epoch, then those of the one before.
 */
import type { StateCursor } from "./state-cursor.ts";

export const RANGE_SIZE = 4;

const LOW = 0;
const HIGH = 1;
const OLD_LOW = 2;
const OLD_HIGH = 3;

export function emptyRange(state: StateCursor, at: number): void {
  for (const place of [LOW, OLD_LOW]) state.set(at + place, Number.POSITIVE_INFINITY);
  for (const place of [HIGH, OLD_HIGH]) state.set(at + place, Number.NEGATIVE_INFINITY);
}

/** This epoch's range becomes the old one, and a new one begins. */
export function rotateRange(state: StateCursor, at: number): void {
  state.set(at + OLD_LOW, state.get(at + LOW));
  state.set(at + OLD_HIGH, state.get(at + HIGH));
  state.set(at + LOW, Number.POSITIVE_INFINITY);
  state.set(at + HIGH, Number.NEGATIVE_INFINITY);
}

export function lowest(state: StateCursor, at: number): number {
  return Math.min(state.get(at + LOW), state.get(at + OLD_LOW));
}

export function highest(state: StateCursor, at: number): number {
  return Math.max(state.get(at + HIGH), state.get(at + OLD_HIGH));
}

/** How far `value` lies outside the range, in widths of the range; 0 inside or without a width. */
export function excess(state: StateCursor, at: number, value: number): number {
  const low = lowest(state, at);
  const high = highest(state, at);
  if (!(high > low)) return 0;
  if (value > high) return (value - high) / (high - low);
  return value < low ? (low - value) / (high - low) : 0;
}

export function extendRange(state: StateCursor, at: number, value: number): void {
  if (value < state.get(at + LOW)) state.set(at + LOW, value);
  if (value > state.get(at + HIGH)) state.set(at + HIGH, value);
}
