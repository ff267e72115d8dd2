import { describe, expect, test } from "vitest";
import { advance, gatewayWatermark } from "#cloud/rollup/watermark.ts";
import { windowStart } from "#cloud/rollup/window.ts";

describe("windows", () => {
  test("begin at whole minutes, also before 1970, and never at −0", () => {
    expect(windowStart(119_999, 60_000)).toBe(60_000);
    expect(windowStart(120_000, 60_000)).toBe(120_000);
    expect(windowStart(-1, 60_000)).toBe(-60_000);
    expect(Object.is(windowStart(-0, 60_000), 0)).toBe(true);
    expect(windowStart(59_999.5, 60_000)).toBe(0);
  });
});

describe("watermarks", () => {
  test("follow a lane's newest time, but not a clock that is more than five minutes ahead", () => {
    const enqueued = 1_000_000;
    expect(advance(0, 500, enqueued)).toBe(500);
    expect(advance(900, 500, enqueued)).toBe(900);
    expect(advance(0, enqueued + 300_000, enqueued)).toBe(enqueued + 300_000);
    expect(advance(7, enqueued + 300_001, enqueued)).toBe(7);
  });

  test("of a gateway are those of its slowest lane that is not idle", () => {
    const lanes = [
      { watermark: 100, seenAtMs: 1000 },
      { watermark: 50, seenAtMs: 900 },
      { watermark: 1, seenAtMs: 0 },
    ];
    expect(gatewayWatermark(lanes, 1000, 500)).toBe(50);
    expect(gatewayWatermark(lanes, 10_000, 500)).toBeUndefined();
  });
});
