/** What every detector of unusual values offers to the alarm rule above it. */
import type { StateBlock } from "./state-slabs.ts";

/** What surprises among so many first values raises no alarm: everything is new then. */
export const LEARNING_VALUES = 256;

/** Which view of the series was unusual. */
export type View = "level" | "jump" | "shift" | "season" | "distance";

export interface Explanation {
  readonly view: View;
  /** The value that would have been usual. */
  readonly expected: number;
}

/** One object serves all series of the same settings: what it knows of one is in the series' block. */
export interface AnomalyDetector {
  /** Writes into a block of zeros what is known of a series before its first value. */
  begin(block: StateBlock): void;
  /**
   * Judges a finite value against what came before it, then learns it.
   * @param ts milliseconds since 1970, not older than the one before
   * @returns 0 for usual or still learning; from 1 on the value is unusual
   */
  surprise(block: StateBlock, value: number, ts: number): number;
  /** How many values it has learnt from, until there are `LEARNING_VALUES`. */
  seen(block: StateBlock): number;
  /** Why the last value surprised. Meaningful right after a surprise of 1 or more. */
  explain(): Explanation;
  /** Takes a value for usual that was called unusual: somebody who knows the machine says so. */
  accept(block: StateBlock, value: number): void;
}
