import { describe, expect, test } from "vitest";
import { StuckRule } from "#agent/detect/stuck-rule.ts";
import { createRandom } from "#core/random.ts";
import { Watched } from "./watched.ts";

const subject = { device: "oven-2", tag: "temperature", unit: "°C" };
const random = createRandom(4);

function noise(count: number): number[] {
  return Array.from({ length: count }, () => 71 + random.normal());
}

function flicker(count: number): number[] {
  return Array.from({ length: count }, () => 71.2 + 0.01 * random.next());
}

function newRule(isCounter = false): Watched<StuckRule> {
  return new Watched(subject, (layout) => new StuckRule(layout, isCounter));
}

describe("StuckRule", () => {
  test("finds a sensor that stands still but for its last digits, and clears when it moves", () => {
    const found = newRule().judgeAll([...noise(2000), ...flicker(60), ...noise(100)]);
    expect(found.map(({ state }) => state)).toEqual(["active", "cleared"]);
    expect(found[0]?.ts).toBeGreaterThanOrEqual(2_000_000);
    expect(found[0]?.ts).toBeLessThan(2_032_000);
    expect(found[0]).toMatchObject({ rule: "stuck", priority: "low" });
    expect(found[0]?.message).toMatch(
      /^oven-2 temperature stands still at 71.20\d* °C for 15 s, which it has never done before/,
    );
    expect(found[0]?.since).toBe((found[0]?.ts ?? 0) - 15_000);
    expect(found[1]?.message).toBe("oven-2 temperature moves again");
  });

  test("is quiet on noise, and while it learns", () => {
    expect(newRule().judgeAll(noise(50_000))).toEqual([]);
    expect(newRule().judgeAll([...noise(300), ...flicker(100)])).toEqual([]);
  });

  test("never calls a series stuck that is known to rest", () => {
    const resting = [...noise(500), ...flicker(40), ...noise(500), ...flicker(300), ...noise(50)];
    expect(newRule().judgeAll(resting)).toEqual([]);
    expect(newRule().judgeAll(Array.from({ length: 3000 }, () => 5))).toEqual([]);
  });

  test("learns from a long rest, and not from a short fault", () => {
    const night = newRule();
    const first = night.judgeAll([...noise(1000), ...flicker(700), ...noise(100)]);
    expect(first.map(({ state }) => state)).toEqual(["active", "cleared"]);
    expect(night.judgeAll([...noise(100), ...flicker(700), ...noise(100)], 10_000_000)).toEqual([]);
    const fault = newRule();
    fault.judgeAll([...noise(1000), ...flicker(60), ...noise(100)]);
    expect(fault.judgeAll([...flicker(60), ...noise(100)], 10_000_000)).toHaveLength(2);
  });

  test("says of a counter that it has stopped counting", () => {
    const counting = Array.from({ length: 1000 }, (_, i) => i + random.next());
    const standing = Array.from({ length: 40 }, () => 1000);
    const [found] = newRule(true).judgeAll([...counting, ...standing]);
    expect(found).toMatchObject({ feature: "stopped", state: "active" });
    expect(found?.message).toBe("oven-2 temperature has stopped counting at 1000 °C");
  });
});
