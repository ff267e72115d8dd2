/**
 * Times in a state block, short: what they are measured against is always at hand, so that the upper
 * digits need not be kept. Times are milliseconds since 1970.
 */
import type { HalfField, WordField } from "./state-counts.ts";
import type { StateBlock } from "./state-slabs.ts";

const TENTH_MS = 100;
const HALF_HOUR_MS = 30 * 60_000;
const HALF_MASK = 0xff_ff;

/** When something began, in tenths of a second: right within 6.8 years of the time of asking. */
export class InstantField {
  readonly #tenths: WordField;

  constructor(tenths: WordField) {
    this.#tenths = tenths;
  }

  /** 0 stands for none, so an instant that would be 0 is kept as the one behind it. */
  set(block: StateBlock, ts: number): void {
    this.#tenths.set(block, Math.floor(ts / TENTH_MS) >>> 0 || 1);
  }

  /** The tenth of a second that it was in, or 0 for none. */
  get(block: StateBlock, nowTs: number): number {
    const kept = this.#tenths.get(block);
    if (kept === 0) return 0;
    const now = Math.floor(nowTs / TENTH_MS);
    return TENTH_MS * (now - ((now - kept) | 0));
  }
}

/** When something long began, in half hours: right for 3.7 years. */
export class HalfHourField {
  readonly #halfHours: HalfField;

  constructor(halfHours: HalfField) {
    this.#halfHours = halfHours;
  }

  set(block: StateBlock, ts: number): void {
    this.#halfHours.set(block, Math.floor(ts / HALF_HOUR_MS) & HALF_MASK);
  }

  /** To half an hour. A clock that was set back seems to have gone on by years. */
  passedMs(block: StateBlock, nowTs: number): number {
    const now = Math.floor(nowTs / HALF_HOUR_MS);
    return HALF_HOUR_MS * ((now - this.#halfHours.get(block)) & HALF_MASK);
  }
}
