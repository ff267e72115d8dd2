/** A reading: what a sensor said, when, and how far to trust it. */

/** `null` only where there is no value: quality is then bad, and the reason says why. */
export type Value = number | boolean | string | null;

export type Quality = "good" | "uncertain" | "bad";

/** Why a reading is not good. The text is stable: people filter by it. */
export type QualityReason = string;

export interface Reading {
  device: string;
  tag: string;
  /** When the value was measured, in milliseconds since 1970. Never re-stamped. */
  ts: number;
  value: Value;
  quality: Quality;
  /** Present exactly when the quality is not good. */
  reason?: QualityReason;
}

/** A reading that stands for a missing answer: the device was asked at `ts` and gave nothing. */
export function missingReading(
  device: string,
  tag: string,
  ts: number,
  reason: QualityReason,
): Reading {
  return { device, tag, ts, value: null, quality: "bad", reason };
}
