/**
 * A device model is pure: the same seed and the same times give the same values. It owns no clock
 * and does no I/O; whoever samples it brings the time.
 */

/** A gauge goes up and down; a counter only grows. */
export type TagKind = "gauge" | "counter";

export interface TagSpec {
  readonly name: string;
  readonly unit: string;
  readonly kind: TagKind;
  /** Decimal places that the sensor resolves. */
  readonly digits: number;
  /** Ordinary range, in the tag's unit: faults and limits are sized by it. */
  readonly low: number;
  readonly high: number;
}

export const deviceKinds = ["motor", "pump", "oven", "meter"] as const;

export type DeviceKind = (typeof deviceKinds)[number];

/** Every model has the same number of tags, so that sensors = devices × tags. */
export const TAGS_PER_DEVICE = 10;

export interface DeviceModel {
  readonly tags: readonly TagSpec[];
  /**
   * Advances the model to `tMs` (milliseconds since 1970) and writes one finite value a tag, in
   * the tags' order, not yet rounded. A time before the last one moves nothing.
   */
  sample(tMs: number, values: Float64Array): void;
}

export function gauge(
  name: string,
  unit: string,
  digits: number,
  low: number,
  high: number,
): TagSpec {
  return { name, unit, kind: "gauge", digits, low, high };
}

/** Counters show six places, so that even a slow one grows from sample to sample at 50 Hz. */
export function counter(name: string, unit: string): TagSpec {
  return { name, unit, kind: "counter", digits: 6, low: 0, high: 1e6 };
}
