/** What the ledger says after it compared what was sent with what the sink rolled up. */

export interface Mismatch {
  /** `gateway/device/tag`, or `source NAME` for the total of a polled source. */
  series: string;
  /** Start of the minute, in milliseconds since 1970; null for a total over all minutes. */
  minute: number | null;
  expected: string;
  got: string;
  lost: number;
  duplicated: number;
}

export interface Verdict {
  /** Readings that must count: acknowledged ones, and those that the gateway stored from polls. */
  produced: number;
  /** Readings in the sink's rows, bad ones included. */
  rolledUp: number;
  lost: number;
  duplicated: number;
  /** Sent but never acknowledged: these may be in `rolledUp` or not. */
  unacknowledged: number;
  /** Readings of minutes too old to be remembered: not compared. */
  unchecked: number;
  /** Series-minutes (and totals of sources) that did not fit. */
  mismatches: number;
  /** The first of them. */
  details: readonly Mismatch[];
}

const DETAILS_MAX = 20;

/** Adds up what did not fit, and keeps the first details. */
export class Findings {
  lost = 0;
  duplicated = 0;
  mismatches = 0;
  readonly details: Mismatch[] = [];

  add(mismatch: Mismatch): void {
    this.lost += mismatch.lost;
    this.duplicated += mismatch.duplicated;
    this.mismatches += 1;
    if (this.details.length < DETAILS_MAX) this.details.push(mismatch);
  }
}
