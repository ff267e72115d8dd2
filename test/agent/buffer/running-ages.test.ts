import { expect, test } from "vitest";
import { runningAges } from "#agent/buffer/running-ages.ts";

const HOUR_MS = 3_600_000;

test("ages add up from the newest stamp backwards", () => {
  expect(runningAges([])).toEqual([]);
  expect(runningAges([1000, 1500, 4000])).toEqual([3000, 2500, 0]);
});

test("a clock that was set back, or forward and back, makes nothing look older", () => {
  expect(runningAges([5000, 5000 - HOUR_MS, 5100 - HOUR_MS, 6000])).toEqual([
    60_100, 60_100, 60_000, 0,
  ]);
  expect(runningAges([5000, 5000 + HOUR_MS, 5100])).toEqual([60_000, 0, 0]);
});
