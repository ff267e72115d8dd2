/** How many numbers of each kind a block holds, and where in it they lie. */
export interface StateShape {
  doubles: number;
  floats: number;
  words: number;
  halves: number;
  bytes: number;
  /** They lie in bytes, several in each. */
  counts: number;
}

/** Blocks lie one behind the other, and each begins with a double. */
const ALIGNMENT_BYTES = 8;

/** Where each kind begins in a block, and how long a block is, in bytes. */
export interface StateOffsets {
  readonly floats: number;
  readonly words: number;
  readonly halves: number;
  readonly bytes: number;
  readonly length: number;
}

export function offsetsOf(shape: StateShape): StateOffsets {
  const floats = 8 * shape.doubles;
  const words = floats + 4 * shape.floats;
  const halves = words + 4 * shape.words;
  const bytes = halves + 2 * shape.halves;
  const length = ALIGNMENT_BYTES * Math.ceil((bytes + shape.bytes) / ALIGNMENT_BYTES);
  return { floats, words, halves, bytes, length };
}
