import { describe, expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { createModel } from "#sim/signals/create-model.ts";
import { deviceKinds, TAGS_PER_DEVICE } from "#sim/signals/device-model.ts";
import { fc } from "#test/support/properties.ts";

const START_MS = Date.UTC(2026, 10, 21);

function run(kind: (typeof deviceKinds)[number], seed: number, stepsMs: readonly number[]) {
  const model = createModel(kind, createRandom(seed));
  const values = new Float64Array(model.tags.length);
  let tMs = START_MS;
  return stepsMs.map((stepMs) => {
    tMs += stepMs;
    model.sample(tMs, values);
    return [...values];
  });
}

describe.each(deviceKinds)("%s", (kind) => {
  const model = createModel(kind, createRandom(1));
  const index = (tag: string) => model.tags.findIndex(({ name }) => name === tag);

  test("has ten tags of different names, among them one counter", () => {
    expect(new Set(model.tags.map(({ name }) => name)).size).toBe(TAGS_PER_DEVICE);
    expect(model.tags.filter((tag) => tag.kind === "counter")).toHaveLength(1);
  });

  test("gives the same values for the same seed, and others for another", () => {
    const steps = Array.from({ length: 200 }, (_, i) => 900 + (i % 7) * 30);
    expect(run(kind, 7, steps)).toEqual(run(kind, 7, steps));
    expect(run(kind, 8, steps)).not.toEqual(run(kind, 7, steps));
  });

  test("gives finite values and growing counters at any rhythm", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { maxLength: 50 });
    fc.assert(
      fc.property(steps, fc.nat(), (stepsMs, seed) => {
        const counter = model.tags.findIndex((tag) => tag.kind === "counter");
        let last = 0;
        for (const values of run(kind, seed, stepsMs)) {
          expect(values.every(Number.isFinite)).toBe(true);
          expect(values[counter]).toBeGreaterThanOrEqual(last);
          last = values[counter] ?? 0;
        }
      }),
      { numRuns: 50 },
    );
  });

  test("stays in each tag's ordinary range over a day, but for rare excursions", () => {
    const samples = run(
      kind,
      3,
      Array.from({ length: 17_280 }, () => 5000),
    );
    for (const [tagIndex, tag] of model.tags.entries()) {
      const outside = samples.filter((values) => {
        const value = values[tagIndex] ?? Number.NaN;
        return !(value >= tag.low && value <= tag.high);
      });
      expect(outside.length / samples.length, `${kind} ${tag.name}`).toBeLessThan(0.05);
    }
  });

  test("resembles itself from one second to the next", () => {
    const samples = run(
      kind,
      5,
      Array.from({ length: 3600 }, () => 1000),
    );
    for (const [tagIndex, tag] of model.tags.entries()) {
      if (tag.kind === "counter") continue;
      const jumps = samples.slice(1).map((values, i) => {
        const before = samples[i]?.[tagIndex] ?? 0;
        return Math.abs((values[tagIndex] ?? 0) - before);
      });
      const meanJump = jumps.reduce((sum, jump) => sum + jump, 0) / jumps.length;
      expect(meanJump / (tag.high - tag.low), `${kind} ${tag.name}`).toBeLessThan(0.1);
      expect(index(tag.name)).toBe(tagIndex);
    }
  });
});

test("a motor's winding follows its current with minutes of delay", () => {
  const samples = run(
    "motor",
    11,
    Array.from({ length: 20_000 }, () => 1000),
  );
  const current = samples.map((values) => values[1] ?? 0);
  const winding = samples.map((values) => values[6] ?? 0);
  const atOnce = correlation(current, winding);
  const later = correlation(current.slice(0, -180), winding.slice(180));
  expect(later).toBeGreaterThan(0.5);
  expect(later).toBeGreaterThan(atOnce);
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? 0;
    ab += (x - meanA) * (y - meanB);
    aa += (x - meanA) ** 2;
    bb += (y - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

function mean(of: readonly number[]): number {
  return of.reduce((sum, x) => sum + x, 0) / of.length;
}
