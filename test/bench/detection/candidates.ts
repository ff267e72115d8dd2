/** What is compared: the product's detectors with their rule, and controls that know nothing. */
import type { AnomalyDetector } from "#agent/detect/anomaly-detector.ts";
import { AnomalyRule, type Sensitivity } from "#agent/detect/anomaly-rule.ts";
import { AutoDetector } from "#agent/detect/auto-detector.ts";
import { MedianDetector } from "#agent/detect/median-detector.ts";
import { StateLayout } from "#agent/detect/state-layout.ts";
import { StateSlabs } from "#agent/detect/state-slabs.ts";

/** How unusual each value is, 0 to 1, knowing only what came before; 0.5 and more is an alarm. */
export type Scorer = (value: number, ts: number) => number;

export interface Candidate {
  readonly name: string;
  readonly create: () => Scorer;
  /** What it keeps of a series; left out by controls. */
  readonly bytes?: number;
}

/** The one threshold for everything. */
export const ALARM = 0.5;

const BLIND_EVERY = 600;

const SENSITIVITIES = ["high", "medium", "low"] as const;

export const DETECTORS: readonly Candidate[] = [
  ...SENSITIVITIES.map((sensitivity) =>
    detectorOf(
      `records and season, ${sensitivity}`,
      sensitivity,
      (layout) => new AutoDetector(layout),
    ),
  ),
  ...SENSITIVITIES.map((sensitivity) =>
    detectorOf(`median / MAD, ${sensitivity}`, sensitivity, (layout) => new MedianDetector(layout)),
  ),
];

export const CONTROLS: readonly Candidate[] = [
  { name: "(control) never", create: () => () => 0 },
  {
    name: "(control) blind, every 600 rows",
    create: () => {
      let row = 0;
      return () => (row++ % BLIND_EVERY === 0 ? 1 : 0);
    },
  },
  { name: "(control) new minimum or maximum", create: newExtreme },
];

/** As the agent does it: a reading older than the newest is not judged. */
export function detectorOf(
  name: string,
  sensitivity: Sensitivity,
  make: (layout: StateLayout) => AnomalyDetector,
): Candidate {
  const layout = new StateLayout();
  const rule = new AnomalyRule(layout, make(layout), sensitivity);
  const slabs = new StateSlabs(layout.shape);
  const create = (): Scorer => {
    const place = slabs.take();
    rule.begin(slabs.open(place));
    let newest = Number.NEGATIVE_INFINITY;
    return (value, ts) => {
      if (ts < newest || !Number.isFinite(value)) return 0;
      newest = ts;
      return rule.score(slabs.open(place), value, ts);
    };
  };
  return { name, create, bytes: slabs.blockBytes };
}

function newExtreme(): Scorer {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  return (value) => {
    const score = value < low || value > high ? 1 : 0;
    low = Math.min(low, value);
    high = Math.max(high, value);
    return score;
  };
}
