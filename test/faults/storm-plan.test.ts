import { describe, expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { fc } from "#test/support/properties.ts";
import { type FaultKind, faultKinds, findKinds, type Resource } from "./fault-kind.ts";
import { type PlannedFault, planStorm, type StormSettings } from "./storm-plan.ts";

const settings: StormSettings = {
  durationMs: 600_000,
  kinds: faultKinds,
  kills: undefined,
  spacingMs: 1500,
};

const plan = (seed: number, change: Partial<StormSettings> = {}): PlannedFault[] =>
  planStorm({ ...settings, ...change }, createRandom(seed));

function countsOf(faults: readonly PlannedFault[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { kind } of faults) counts.set(kind.name, (counts.get(kind.name) ?? 0) + 1);
  return counts;
}

/** Faults that hold one thing, by their times. */
function holdersOf(resource: Resource, faults: readonly PlannedFault[]): PlannedFault[] {
  return faults.filter((fault) => fault.kind.holds.includes(resource));
}

describe("a planned storm", () => {
  test("is the same for the same seed, and another one for another seed", () => {
    expect(plan(7)).toEqual(plan(7));
    expect(plan(8)).not.toEqual(plan(7));
  });

  test("is numbered in the order of its times, all within the storm", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1000, max: 900_000 }), (seed, durationMs) => {
        const faults = plan(seed, { durationMs });
        const times = faults.map((fault) => fault.atMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(faults.map((fault) => fault.number)).toEqual(faults.map((_, index) => index + 1));
        for (const { atMs, forMs, kind } of faults) {
          expect(atMs + forMs).toBeLessThanOrEqual(durationMs);
          expect(forMs).toBeGreaterThanOrEqual(kind.forMs[0]);
          expect(forMs).toBeLessThanOrEqual(kind.forMs[1]);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("never has two faults of one target at once", () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const faults = plan(seed);
        for (const resource of new Set(faultKinds.flatMap((kind) => kind.holds))) {
          const holders = holdersOf(resource, faults);
          const overlapping = holders.filter((fault, index) => {
            const next = holders[index + 1];
            return next !== undefined && next.atMs < fault.atMs + fault.forMs;
          });
          expect(overlapping).toEqual([]);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("has every kind of fault, as often as its weight says", () => {
    const counts = countsOf(plan(3, { durationMs: 3_600_000 }));
    const perWeight = faultKinds.map(({ name, weight }) => (counts.get(name) ?? 0) / weight);
    expect(Math.min(...perWeight)).toBeGreaterThan(0.8 * Math.max(...perWeight));
  });

  test("has exactly the kills that were asked for, spread over all of it and all programs", () => {
    const kinds = findKinds("kill") ?? [];
    const faults = plan(5, { kinds, kills: 100 });
    expect(faults).toHaveLength(100);
    expect(countsOf(faults)).toEqual(
      new Map(kinds.map(({ name, weight }: FaultKind) => [name, weight * 10])),
    );
    const quarters = [0, 1, 2, 3].map(
      (quarter) =>
        faults.filter(({ atMs }) => Math.floor((atMs / settings.durationMs) * 4) === quarter)
          .length,
    );
    expect(quarters).toEqual([25, 25, 25, 25]);
  });

  test("mixes asked-for kills with other faults", () => {
    const counts = countsOf(plan(6, { kills: 11 }));
    const kills = [...counts].filter(([name]) => name.startsWith("kill-"));
    expect(kills.reduce((sum, [, times]) => sum + times, 0)).toBe(11);
    expect(counts.get("cut-uplink")).toBeGreaterThan(0);
  });

  test("is empty where there is nothing to plan", () => {
    expect(plan(1, { kinds: [] })).toEqual([]);
  });
});

test("faults are found by name and by group, and nothing else is", () => {
  expect(findKinds("cut-uplink")?.map((kind) => kind.name)).toEqual(["cut-uplink"]);
  expect(findKinds("cut")?.map((kind) => kind.name)).toEqual([
    "cut-devices",
    "cut-uplink",
    "cut-feed",
  ]);
  expect(findKinds("lightning")).toBeUndefined();
});
