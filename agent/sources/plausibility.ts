/**
 * Whether a value that was read is one that can be: within its range, and for a counter not below
 * the one before. What is not plausible is kept and flagged, never corrected: the sink's sums are
 * over values that somebody measured. Pure, with one number of state a tag.
 */
import type { TagSettings } from "#config/gateway/tag.ts";
import type { Quality, QualityReason, Value } from "#core/reading.ts";

export interface Verdict {
  quality: Quality;
  reason?: QualityReason;
}

export type PlausibilitySettings = Pick<TagSettings, "counter" | "range">;

const GOOD: Verdict = { quality: "good" };
const OUT_OF_RANGE: Verdict = { quality: "bad", reason: "out of range" };
const WRAPPED: Verdict = { quality: "uncertain", reason: "counter wrapped" };
const RESET: Verdict = { quality: "uncertain", reason: "counter reset" };

/** A counter that falls from the top of its range to the bottom has wrapped; else it was reset. */
const WRAP_SHARE = 0.1;

export class Plausibility {
  readonly #settings: PlausibilitySettings;
  /** What the counter can reach, after scaling; unknown for floats and texts. */
  readonly #counterMax: number | undefined;
  #before: number | undefined;

  /**
   * @param counterMax the greatest value of the tag's type, scaled
   */
  constructor(settings: PlausibilitySettings, counterMax?: number) {
    this.#settings = settings;
    this.#counterMax = counterMax;
  }

  /** Judges the next good value of the tag, in the order of their times. */
  judge(value: Value): Verdict {
    if (typeof value !== "number") return GOOD;
    const { counter, range } = this.#settings;
    if (range && (value < range[0] || value > range[1])) return OUT_OF_RANGE;
    return counter ? this.#judgeCounter(value) : GOOD;
  }

  #judgeCounter(value: number): Verdict {
    const before = this.#before;
    this.#before = value;
    if (before === undefined || value >= before) return GOOD;
    const max = this.#counterMax;
    const wrapped =
      max !== undefined && before > max * (1 - WRAP_SHARE) && value < max * WRAP_SHARE;
    return wrapped ? WRAPPED : RESET;
  }
}
