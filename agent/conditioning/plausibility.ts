/**
 * Whether a value that was read is one that can be: within its range, not further from the last
 * plausible one than it can have gone since, and for a counter not below the one before. What is
 * not plausible is kept and flagged, never corrected: the sink's sums are over values that somebody
 * measured. Pure, with two numbers of state a tag.
 */
import type { Quality, QualityReason, Value } from "#core/reading.ts";

export interface Verdict {
  quality: Quality;
  reason?: QualityReason;
}

export interface PlausibilitySettings {
  readonly counter?: boolean | undefined;
  range?: readonly [number, number] | undefined;
  /** What the value can change by in a second, in its unit. */
  maxRate?: number | undefined;
}

const GOOD: Verdict = { quality: "good" };
const OUT_OF_RANGE: Verdict = { quality: "bad", reason: "out of range" };
const TOO_FAST: Verdict = { quality: "uncertain", reason: "changes too fast" };
const WRAPPED: Verdict = { quality: "uncertain", reason: "counter wrapped" };
const RESET: Verdict = { quality: "uncertain", reason: "counter reset" };

/** A counter that falls from the top of its range to the bottom has wrapped; else it was reset. */
const WRAP_SHARE = 0.1;

export class Plausibility {
  readonly #settings: PlausibilitySettings;
  /** What the counter can reach, after scaling; unknown for floats and texts. */
  readonly #counterMax: number | undefined;
  /** The last value in its range, for a counter. */
  #before: { value: number; ts: number } | undefined;
  /** The last value that did not change too fast. */
  #trusted: { value: number; ts: number } | undefined;

  /**
   * @param counterMax the greatest value of the tag's type, scaled
   */
  constructor(settings: PlausibilitySettings, counterMax?: number) {
    this.#settings = settings;
    this.#counterMax = counterMax;
  }

  /** Judges the next good value of the tag. */
  judge(value: Value, ts: number): Verdict {
    if (typeof value !== "number") return GOOD;
    const { counter, range, maxRate } = this.#settings;
    if (range && (value < range[0] || value > range[1])) return OUT_OF_RANGE;
    const verdict = counter ? this.#judgeCounter(value, ts) : GOOD;
    if (maxRate === undefined || verdict !== GOOD) return verdict;
    return this.#judgeRate(value, ts, maxRate);
  }

  #judgeCounter(value: number, ts: number): Verdict {
    const before = this.#before;
    // A message that comes late tells what the counter was, not that it fell.
    if (before && ts < before.ts) return GOOD;
    this.#before = { value, ts };
    if (!before || value >= before.value) return GOOD;
    const max = this.#counterMax;
    const wrapped =
      max !== undefined && before.value > max * (1 - WRAP_SHARE) && value < max * WRAP_SHARE;
    this.#trusted = undefined;
    return wrapped ? WRAPPED : RESET;
  }

  /**
   * Against the last value that could be, not the last one: a spike is flagged once and not again
   * on its way back, and a level that stays is believed as soon as it could have been reached.
   */
  #judgeRate(value: number, ts: number, maxRate: number): Verdict {
    const trusted = this.#trusted;
    if (trusted && ts > trusted.ts) {
      const reachable = (maxRate * (ts - trusted.ts)) / 1000;
      if (Math.abs(value - trusted.value) > reachable) return TOO_FAST;
    }
    this.#trusted = { value, ts };
    return GOOD;
  }
}
