import { describe, expect, test } from "vitest";
import { DelayedSwitch } from "#agent/detect/delayed-switch.ts";
import { LIMITS, LimitRule, type Limits } from "#agent/detect/limits.ts";
import { fc } from "#test/support/properties.ts";
import { Watched } from "./watched.ts";

const subject = { device: "oven-2", tag: "temperature", unit: "°C" };

function watch(limits: Limits): Watched<LimitRule> {
  return new Watched(
    subject,
    (layout) =>
      new LimitRule(
        LIMITS.map(() => new DelayedSwitch(layout)),
        limits,
      ),
  );
}

function run(monitor: Watched<LimitRule>, values: readonly number[]): string[] {
  return values.flatMap((value, i) =>
    monitor.judge(i, value).map((found) => `${found.ts} ${found.rule} ${found.state}`),
  );
}

describe("LimitRule", () => {
  test("tells when each limit is passed and when the value is back", () => {
    const monitor = watch({ hh: 240, h: 230, l: 50, ll: 20, deadband: 0 });
    expect(run(monitor, [100, 231, 241, 235, 100, 10, 100])).toEqual([
      "1 limit-h active",
      "2 limit-hh active",
      "3 limit-hh cleared",
      "4 limit-h cleared",
      "5 limit-l active",
      "5 limit-ll active",
      "6 limit-l cleared",
      "6 limit-ll cleared",
    ]);
  });

  test("takes a value at its limit for good, and clears only beyond the deadband", () => {
    const monitor = watch({ h: 230, l: 50, deadband: 2 });
    expect(run(monitor, [230, 230.1, 228.1, 230.5, 228, 50, 49.9, 51.9, 52])).toEqual([
      "1 limit-h active",
      "4 limit-h cleared",
      "6 limit-l active",
      "8 limit-l cleared",
    ]);
  });

  test("says in a sentence what happened, with the unit and the limit", () => {
    const monitor = watch({ hh: 240, deadband: 2 });
    expect(monitor.judge(7, 241.34)).toEqual([
      {
        rule: "limit-hh",
        state: "active",
        priority: "high",
        ts: 7,
        value: 241.34,
        expected: 240,
        since: 7,
        feature: "high",
        message: "oven-2 temperature is 241.34 °C, above its high-high limit of 240 °C",
      },
    ]);
  });

  test("alternates between active and cleared for any values", () => {
    const reading = fc.double({ min: -20, max: 20, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(reading),
        // A deadband of 5 would leave just the values below 0 for coming back from the limit of 5.
        fc.double({ min: 0, max: 4.9, noNaN: true }),
        (values, deadband) => {
          const monitor = watch({ hh: 10, h: 5, l: -5, ll: -10, deadband });
          const last = new Map<string, string>();
          for (const value of values) {
            for (const found of monitor.judge(0, value)) {
              expect(found.state).not.toBe(last.get(found.rule) ?? "cleared");
              last.set(found.rule, found.state);
            }
            const hot = last.get("limit-hh") === "active";
            const calm = [...last.values()].every((state) => state === "cleared");
            expect(hot || !(value > 10)).toBe(true);
            expect(calm || Math.abs(value) > 0.001).toBe(true);
          }
        },
      ),
    );
  });

  test("waits for the delay to pass before it raises, and before it clears", () => {
    const monitor = watch({ h: 100, deadband: 0, onDelay: 3, offDelay: 2 });
    const values = [101, 101, 99, 101, 101, 101, 101, 99, 101, 99, 99, 99];
    expect(run(monitor, values)).toEqual(["6 limit-h active", "11 limit-h cleared"]);
  });

  test("says since when a delayed alarm has held", () => {
    const monitor = watch({ h: 100, deadband: 0, onDelay: 5000 });
    monitor.judge(1000, 101);
    const [found] = monitor.judge(61_000, 102);
    expect(found).toMatchObject({ state: "active", ts: 61_000, since: 1000 });
    expect(found?.message).toMatch(/above its high limit of 100 °C, for 1 min$/);
    expect(monitor.judge(70_000, 90)).toMatchObject([{ state: "cleared", since: 1000 }]);
  });
});
