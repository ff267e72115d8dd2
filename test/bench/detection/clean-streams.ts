/**
 * Series without any anomaly, of the kinds that a plant has: whoever raises an alarm here is wrong.
 * Seeded, so that two detectors see the same.
 */
import { createRandom, type Random } from "#core/random.ts";

export interface CleanStream {
  readonly kind: string;
  readonly values: Float64Array;
  readonly stepMs: number;
}

type Shape = (random: Random) => (i: number) => number;

const DAY = 288;

const SHAPES: Readonly<Record<string, Shape>> = {
  "white noise": (random) => () => 50 + random.normal(),
  "heavy tails": (random) => () => 50 - Math.log(1 - random.next()) * (random.int(2) * 2 - 1),
  "slow wander": (random) => {
    let level = 0;
    return () => {
      level = 0.995 * level + 0.1 * random.normal();
      return 20 + level;
    };
  },
  day: (random) => (i) => 60 + 15 * Math.sin((2 * Math.PI * i) / DAY) + random.normal(),
  "two shifts": (random) => (i) => (i % DAY > 90 && i % DAY < 250 ? 40 : 12) + random.normal(),
  "duty cycle": (random) => {
    let left = 0;
    let on = false;
    return () => {
      if (left-- <= 0) {
        on = !on;
        left = 20 + random.int(60);
      }
      return (on ? 7.5 : 0.2) + 0.05 * random.normal();
    };
  },
  "coarse steps": (random) => () => Math.round((21 + 0.2 * random.normal()) * 10) / 10,
  counter: (random) => {
    let total = 1000;
    return () => {
      total += 0.5 + 0.2 * random.next();
      return total;
    };
  },
};

/** `repeats` streams of each kind, a value in five minutes. */
export function cleanStreams(rows: number, repeats: number, seed = 11): CleanStream[] {
  const root = createRandom(seed);
  return Object.entries(SHAPES).flatMap(([kind, shape]) =>
    Array.from({ length: repeats }, (_, i) => {
      const next = shape(root.fork(`${kind} ${i}`));
      return {
        kind,
        values: Float64Array.from({ length: rows }, (_v, row) => next(row)),
        stepMs: 300_000,
      };
    }),
  );
}
