/** What every detector of unusual values offers to the alarm rule above it. */

/** Which view of the series was unusual. */
export type Feature = "level" | "jump" | "shift" | "season" | "distance";

export interface Explanation {
  readonly feature: Feature;
  /** The value that would have been usual. */
  readonly expected: number;
}

export interface AnomalyDetector {
  /**
   * Judges a finite value against what came before it, then learns it.
   * @param ts milliseconds since 1970, not older than the one before
   * @returns 0 for usual or still learning; from 1 on the value is unusual
   */
  surprise(value: number, ts: number): number;
  /** Why the last value surprised. Meaningful right after a surprise of 1 or more. */
  explain(): Explanation;
}
