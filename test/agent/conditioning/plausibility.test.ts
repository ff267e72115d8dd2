import { expect, test } from "vitest";
import { Plausibility, type Verdict } from "#agent/conditioning/plausibility.ts";
import type { Value } from "#core/reading.ts";

const good = { quality: "good" };

/** Judges values that come a second apart. */
function judged(checks: Plausibility, values: readonly Value[]): Verdict[] {
  return values.map((value, i) => checks.judge(value, 1000 * i));
}

test("a value outside of its range is bad, and says so", () => {
  const checks = new Plausibility({ range: [-40, 120] });
  const bad = { quality: "bad", reason: "out of range" };
  expect(judged(checks, [-40, 120, "text", true])).toEqual([good, good, good, good]);
  expect(judged(checks, [-40.1, 3276.7])).toEqual([bad, bad]);
});

test("a counter that falls is flagged once: as wrapped near its end, else as reset", () => {
  const checks = new Plausibility({ counter: true }, 6553.5);
  expect(judged(checks, [6500, 12, 3000, 0, 0])).toEqual([
    good,
    { quality: "uncertain", reason: "counter wrapped" },
    good,
    { quality: "uncertain", reason: "counter reset" },
    good,
  ]);
});

test("a counter whose end nobody knows is reset when it falls", () => {
  const checks = new Plausibility({ counter: true });
  expect(judged(checks, [1e9, 1])[1]).toEqual({ quality: "uncertain", reason: "counter reset" });
});

test("what is out of range does not count as the counter's last value", () => {
  const checks = new Plausibility({ counter: true, range: [0, 1e6] }, 2 ** 32);
  expect(judged(checks, [100, 4e9, 101]).map(({ quality }) => quality)).toEqual([
    "good",
    "bad",
    "good",
  ]);
});

test("a late message does not make a counter fall", () => {
  const checks = new Plausibility({ counter: true });
  checks.judge(100, 5000);
  expect(checks.judge(90, 4000)).toEqual(good);
  expect(checks.judge(101, 6000)).toEqual(good);
});

test("a spike is flagged once, and not again on its way back", () => {
  const checks = new Plausibility({ maxRate: 5 });
  const tooFast = { quality: "uncertain", reason: "changes too fast" };
  expect(judged(checks, [20, 24, 500, 27, 30])).toEqual([good, good, tooFast, good, good]);
});

test("a level that stays is believed as soon as it could have been reached", () => {
  const checks = new Plausibility({ maxRate: 5 });
  const qualities = judged(checks, [20, 40, 40, 40, 40, 40]).map(({ quality }) => quality);
  expect(qualities).toEqual(["good", "uncertain", "uncertain", "uncertain", "good", "good"]);
});

test("a time that does not go on says nothing of the rate", () => {
  const checks = new Plausibility({ maxRate: 5 });
  checks.judge(20, 1000);
  expect(checks.judge(90, 1000)).toEqual(good);
  expect(checks.judge(20, 500)).toEqual(good);
});
