import { describe, expect, test } from "vitest";
import { CounterRule } from "#agent/detect/counter-rule.ts";
import { createRandom } from "#core/random.ts";
import { Watched } from "./watched.ts";

const subject = { device: "meter-1", tag: "energy", unit: "kWh" };

function newRule(isDeclared: boolean): Watched<CounterRule> {
  return new Watched(subject, (layout) => new CounterRule(layout, isDeclared));
}

function counting(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

describe("CounterRule", () => {
  test("tells a counter that goes back, and when it counts on", () => {
    const values = [...counting(1000, 20), 900, ...counting(901, 20)];
    const found = newRule(true).judgeAll(values);
    expect(found).toMatchObject([
      { rule: "counter", state: "active", priority: "medium", value: 900, expected: 1019 },
      { state: "cleared", ts: 36_000 },
    ]);
    expect(found[0]?.message).toBe(
      "meter-1 energy fell from 1019 kWh to 900 kWh: a counter does not go back",
    );
  });

  test("takes a new beginning near zero for a reset or a wrap", () => {
    const values = [...counting(65_500, 36), ...counting(0, 20)];
    expect(newRule(true).judgeAll(values)).toEqual([]);
  });

  test("takes for a counter who has only ever counted up, and nobody else", () => {
    const undeclared = newRule(false);
    expect(undeclared.judgeAll([...counting(5000, 1100), 5000])).toMatchObject([
      { state: "active", priority: "low" },
    ]);
    const random = createRandom(5);
    const noise = Array.from({ length: 20_000 }, () => random.normal());
    expect(newRule(false).judgeAll(noise)).toEqual([]);
    const resting = [...Array.from({ length: 2000 }, () => 7), 6];
    expect(newRule(false).judgeAll(resting)).toEqual([]);
  });

  test("takes who has gone back for a counter still, as long as it does not do so all the time", () => {
    const steps = (count: number): number[] => [
      ...counting(50_000, 90),
      ...counting(50_000, count),
    ];
    const known = newRule(false);
    known.judgeAll(counting(40_000, 5000));
    const twice = known.judgeAll([
      44_000,
      ...counting(44_001, 100),
      43_000,
      ...counting(43_001, 30),
    ]);
    expect(twice.map(({ state }) => state)).toEqual(["active", "cleared", "active", "cleared"]);
    const filled = newRule(false);
    filled.judgeAll(counting(40_000, 10_000));
    const emptied = Array.from({ length: 50 }, () => steps(90)).flat();
    expect(filled.judgeAll(emptied).filter(({ state }) => state === "active")).toHaveLength(4);
    const saw = Array.from({ length: 50 }, () => counting(50_000, 1000)).flat();
    expect(newRule(false).judgeAll(saw)).toEqual([]);
  });

  test("says nothing while the machine stands, and goes on from what it counts to then", () => {
    const rule = newRule(true);
    rule.judgeAll(counting(1000, 20));
    expect(rule.judge(20_000, 900)).toHaveLength(1);
    expect(rule.rest(21_000, 800)).toMatchObject([{ state: "cleared" }]);
    expect(rule.judge(22_000, 801)).toEqual([]);
  });
});
