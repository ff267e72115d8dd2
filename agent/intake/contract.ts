/** What keeps the detectors' memory over restarts sees of them. */

export interface LearntSeries {
  readonly device: string;
  readonly tag: string;
  /** Of the settings that it was learnt with. */
  readonly fingerprint: number;
  /** When its last reading came, by the gateway's clock, in milliseconds since 1970. */
  readonly heardAt: number;
  readonly state: Uint8Array;
}

export interface DetectorMemory {
  /** All that is known. The states are memory that goes on changing, not copies. */
  learnt(): readonly LearntSeries[];
  /**
   * What was known before: a series goes on from it with its next reading.
   * @param nowMs milliseconds since 1970
   * @returns how many series are learnt anew all the same, because an earlier version of the agent has
   * learnt them, which kept other numbers
   */
  remember(learnt: readonly LearntSeries[], nowMs: number): number;
}
