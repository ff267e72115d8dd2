/** What can go wrong with a sensor, and what it does to the values. Pure. */

export const faultKinds = ["spike", "drift", "stuck", "dropout", "step"] as const;

export type FaultKind = (typeof faultKinds)[number];

/** The truth about a planted fault, to score detectors by. Times in ms since 1970. */
export interface FaultLabel {
  readonly device: string;
  readonly tag: string;
  readonly kind: FaultKind;
  /** The first sample at or after this time is faulty. */
  readonly fromMs: number;
  /** The first sample at or after this time is sound again. */
  readonly toMs: number;
}

export interface Fault extends FaultLabel {
  /** Which value of the sample. */
  readonly tagIndex: number;
  /** In the tag's unit; with sign. Not used by `stuck` and `dropout`. */
  readonly amplitude: number;
}

/** Shortest and longest duration of each kind, in ms. */
export const faultDurationMs: Readonly<Record<FaultKind, readonly [number, number]>> = {
  spike: [200, 2000],
  drift: [30_000, 120_000],
  stuck: [20_000, 90_000],
  dropout: [3000, 20_000],
  step: [15_000, 90_000],
};

/** How far each kind goes, as multiples of the tag's ordinary range. */
export const faultReach: Readonly<Record<FaultKind, readonly [number, number]>> = {
  spike: [1, 3],
  drift: [0.6, 1.5],
  stuck: [0, 0],
  dropout: [0, 0],
  step: [0.6, 1.5],
};

/**
 * The faulty value at `tMs`; NaN means that the device gives none. `frozen` is the sound value of
 * the fault's first sample, at which a stuck sensor stays.
 */
export function faultyValue(fault: Fault, tMs: number, sound: number, frozen: number): number {
  switch (fault.kind) {
    case "spike":
    case "step":
      return sound + fault.amplitude;
    case "drift":
      return sound + (fault.amplitude * (tMs - fault.fromMs)) / (fault.toMs - fault.fromMs);
    case "stuck":
      return frozen;
    case "dropout":
      return Number.NaN;
  }
}
