import { describe, expect, test } from "vitest";
import type { Finding } from "#agent/detect/finding.ts";
import { StuckRule } from "#agent/detect/stuck-rule.ts";
import { createRandom } from "#core/random.ts";

const subject = { device: "oven-2", tag: "temperature", unit: "°C" };
const random = createRandom(4);

function noise(count: number): number[] {
  return Array.from({ length: count }, () => 71 + random.normal());
}

function flicker(count: number): number[] {
  return Array.from({ length: count }, () => 71.2 + 0.01 * random.next());
}

function judge(rule: StuckRule, values: readonly number[], fromTs: number): Finding[] {
  return values.flatMap(
    (value, i) => rule.judge(fromTs + i * 1000, value, subject, undefined) ?? [],
  );
}

describe("StuckRule", () => {
  test("finds a sensor that stands still but for its last digits, and clears when it moves", () => {
    const found = judge(new StuckRule(), [...noise(2000), ...flicker(60), ...noise(100)], 0);
    expect(found.map(({ state }) => state)).toEqual(["active", "cleared"]);
    expect(found[0]?.ts).toBeGreaterThanOrEqual(2_000_000);
    expect(found[0]?.ts).toBeLessThan(2_032_000);
    expect(found[0]).toMatchObject({ rule: "stuck", priority: "low" });
    expect(found[0]?.message).toMatch(/^oven-2 temperature stands still at 71.20\d* °C/);
    expect(found[1]?.message).toBe("oven-2 temperature moves again");
  });

  test("is quiet on noise, and while it learns", () => {
    expect(judge(new StuckRule(), noise(50_000), 0)).toEqual([]);
    expect(judge(new StuckRule(), [...noise(300), ...flicker(100)], 0)).toEqual([]);
  });

  test("never calls a series stuck that is known to rest", () => {
    const resting = [...noise(500), ...flicker(40), ...noise(500), ...flicker(300), ...noise(50)];
    expect(judge(new StuckRule(), resting, 0)).toEqual([]);
    expect(
      judge(
        new StuckRule(),
        Array.from({ length: 3000 }, () => 5),
        0,
      ),
    ).toEqual([]);
  });

  test("learns from a long rest, and not from a short fault", () => {
    const night = new StuckRule();
    const first = judge(night, [...noise(1000), ...flicker(700), ...noise(100)], 0);
    expect(first.map(({ state }) => state)).toEqual(["active", "cleared"]);
    expect(judge(night, [...noise(100), ...flicker(700), ...noise(100)], 10_000_000)).toEqual([]);
    const fault = new StuckRule();
    judge(fault, [...noise(1000), ...flicker(60), ...noise(100)], 0);
    expect(judge(fault, [...flicker(60), ...noise(100)], 10_000_000)).toHaveLength(2);
  });
});
