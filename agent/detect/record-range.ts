/**
 * The range that a view of a series has had, in two epochs so that old records are forgotten:
 * four numbers of a state block, the low and high of this epoch, then those of the one before.
 */
export const RANGE_SIZE = 4;

const LOW = 0;
const HIGH = 1;
const OLD_LOW = 2;
const OLD_HIGH = 3;

export function emptyRange(state: Float64Array, at: number): void {
  for (const place of [LOW, OLD_LOW]) state[at + place] = Number.POSITIVE_INFINITY;
  for (const place of [HIGH, OLD_HIGH]) state[at + place] = Number.NEGATIVE_INFINITY;
}

/** This epoch's range becomes the old one, and a new one begins. */
export function rotateRange(state: Float64Array, at: number): void {
  state[at + OLD_LOW] = get(state, at + LOW);
  state[at + OLD_HIGH] = get(state, at + HIGH);
  state[at + LOW] = Number.POSITIVE_INFINITY;
  state[at + HIGH] = Number.NEGATIVE_INFINITY;
}

export function lowest(state: Float64Array, at: number): number {
  return Math.min(get(state, at + LOW), get(state, at + OLD_LOW));
}

export function highest(state: Float64Array, at: number): number {
  return Math.max(get(state, at + HIGH), get(state, at + OLD_HIGH));
}

/** How far `value` lies outside the range, in widths of the range; 0 inside or without a width. */
export function excess(state: Float64Array, at: number, value: number): number {
  const low = lowest(state, at);
  const high = highest(state, at);
  if (!(high > low)) return 0;
  if (value > high) return (value - high) / (high - low);
  return value < low ? (low - value) / (high - low) : 0;
}

export function extendRange(state: Float64Array, at: number, value: number): void {
  if (value < get(state, at + LOW)) state[at + LOW] = value;
  if (value > get(state, at + HIGH)) state[at + HIGH] = value;
}

function get(state: Float64Array, place: number): number {
  return state[place] ?? Number.NaN;
}
