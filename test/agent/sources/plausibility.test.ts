import { expect, test } from "vitest";
import { Plausibility } from "#agent/sources/plausibility.ts";

const good = { quality: "good" };

test("a value outside of its range is bad, and says so", () => {
  const checks = new Plausibility({ counter: false, range: [-40, 120] });
  expect([-40, 120, "text", true].map((value) => checks.judge(value))).toEqual([
    good,
    good,
    good,
    good,
  ]);
  expect(checks.judge(-40.1)).toEqual({ quality: "bad", reason: "out of range" });
  expect(checks.judge(3276.7)).toEqual({ quality: "bad", reason: "out of range" });
});

test("a counter that falls is flagged once: as wrapped near its end, else as reset", () => {
  const checks = new Plausibility({ counter: true }, 6553.5);
  expect(checks.judge(6500)).toEqual(good);
  expect(checks.judge(12)).toEqual({ quality: "uncertain", reason: "counter wrapped" });
  expect(checks.judge(3000)).toEqual(good);
  expect(checks.judge(0)).toEqual({ quality: "uncertain", reason: "counter reset" });
  expect(checks.judge(0)).toEqual(good);
});

test("a counter whose end nobody knows is reset when it falls", () => {
  const checks = new Plausibility({ counter: true });
  checks.judge(1e9);
  expect(checks.judge(1)).toEqual({ quality: "uncertain", reason: "counter reset" });
});

test("what is out of range does not count as the counter's last value", () => {
  const checks = new Plausibility({ counter: true, range: [0, 1e6] }, 2 ** 32);
  checks.judge(100);
  expect(checks.judge(4e9).quality).toBe("bad");
  expect(checks.judge(101)).toEqual(good);
});
