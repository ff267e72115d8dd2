import { describe, expect, test } from "vitest";
import { DriftRule } from "#agent/detect/drift-rule.ts";
import { createRandom } from "#core/random.ts";
import { Watched } from "./watched.ts";

const subject = { device: "pump-1", tag: "pressure", unit: "bar" };
const STEP_MS = 10_000;
const DAY = 8640;

function newRule(): Watched<DriftRule> {
  return new Watched(subject, (layout) => new DriftRule(layout));
}

/** A load that goes up and down over the hours, with a little noise. */
function sound(count: number, seed = 1): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, i) => 5 + Math.sin(i / 300) + 0.1 * random.normal());
}

describe("DriftRule", () => {
  test("tells what creeps out of where it has been, and since when", () => {
    const values = sound(7 * DAY).map((value, i) => value + (4 * Math.max(0, i - 6 * DAY)) / DAY);
    const [found] = newRule().judgeAll(values, 0, STEP_MS);
    expect(found).toMatchObject({ rule: "drift", state: "active", feature: "drift up" });
    expect(found?.ts).toBeGreaterThan(6 * DAY * STEP_MS);
    expect(found?.since).toBeGreaterThan(6 * DAY * STEP_MS);
    expect(found?.since).toBeLessThan(found?.ts ?? 0);
    expect(found?.message).toMatch(/^pump-1 pressure has crept up to a mean of [\d.]+ bar within/);
  });

  test("is quiet on what goes up and down, for weeks", () => {
    expect(newRule().judgeAll(sound(21 * DAY, 2), 0, STEP_MS)).toEqual([]);
  });

  test("leaves a step to those who tell steps", () => {
    const values = sound(7 * DAY).map((value, i) => (i < 6 * DAY ? value : value + 4));
    expect(newRule().judgeAll(values, 0, STEP_MS)).toEqual([]);
  });
});
