import { expect, test } from "vitest";
import { Refusals } from "#agent/sources/modbus/refusals.ts";
import { point } from "./points.ts";

const LIMITS = { registersMax: 125, bitsMax: 2000, gapMax: 8 };

test("a refused register is tried again, less and less often", () => {
  const refusals = new Refusals();
  const bad = point(3);
  let nowMs = 0;
  const gaps = Array.from({ length: 10 }, () => {
    refusals.refusePoint(bad, 2, nowMs);
    let waitedMs = 0;
    while (!refusals.dueForRetry(nowMs + waitedMs)) waitedMs += 1000;
    nowMs += waitedMs;
    return waitedMs;
  });
  expect(gaps.slice(0, 4)).toEqual([10_000, 20_000, 40_000, 80_000]);
  expect(gaps.at(-1)).toBe(600_000);
  expect(refusals.codeOf(bad)).toBe(2);
  refusals.allow(bad);
  expect(refusals.count).toBe(0);
  expect(refusals.spans()).toEqual([]);
});

test("a gap that fails is not bridged, until it is old", () => {
  const refusals = new Refusals();
  refusals.refuseTogether(point(0, 2), point(5), 0);
  expect(refusals.spans()).toEqual([{ table: "holding", start: 2, size: 3 }]);
  const version = refusals.version;
  refusals.forgetOldGaps(3_600_000);
  expect(refusals.spans()).toEqual([]);
  expect(refusals.version).toBeGreaterThan(version);
});

test("neighbours that cannot be read together show the device's own limit", () => {
  const refusals = new Refusals();
  refusals.refuseTogether(point(0, 63), point(63, 62), 0);
  expect(refusals.narrow(LIMITS)).toEqual({ ...LIMITS, registersMax: 63 });
  refusals.clear();
  expect(refusals.narrow(LIMITS)).toEqual(LIMITS);
});
