import { describe, expect, test } from "vitest";
import { readTime } from "#agent/sources/payload/time-stamp.ts";
import { encodeBootTime } from "#core/boot-time.ts";
import { fc } from "#test/support/properties.ts";
import { decode, NOW } from "./decode.ts";

const own = (ts: number, doubt?: string): unknown => ({ ts, isOwn: true, doubt });

describe("a sender's time", () => {
  test.each([
    [1_763_707_200_000, 1_763_707_200_000],
    [1_763_707_200_000.9, 1_763_707_200_000],
    ["2025-11-21T06:40:00Z", 1_763_707_200_000],
    ["2025-11-21T06:40:00.123456Z", 1_763_707_200_123],
    ["2025-11-21T07:40:00+01:00", 1_763_707_200_000],
    ["2025-11-21T07:40:00+0100", 1_763_707_200_000],
    ["2025-11-21T07:40+01", 1_763_707_200_000],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
  ])("is read: %s", (given, ts) => {
    expect(readTime(given, NOW)).toEqual(own(ts));
  });

  test.each([
    ["2025-11-21T06:40:00"],
    ["2025-11-21"],
    ["2025-02-30T00:00:00Z"],
    ["2025-13-01T00:00:00Z"],
    ["2025-11-21T25:00:00Z"],
    ["Fri, 21 Nov 2025 06:40:00 GMT"],
    ["1763707200000"],
    [""],
    [true],
    [-1],
    [Number.POSITIVE_INFINITY],
    [9e15],
    [9_007_199_254_740_993n],
    [[1]],
  ])("is malformed: %s", (given) => {
    expect(readTime(given, NOW)).toEqual({ ts: NOW, isOwn: false, doubt: "time malformed" });
  });

  test("is the arrival's where there is none", () => {
    expect(readTime(undefined, NOW)).toEqual({ ts: NOW, isOwn: false, doubt: undefined });
    expect(readTime(null, NOW)).toEqual({ ts: NOW, isOwn: false, doubt: undefined });
  });

  test("is kept and doubted more than five minutes ahead, and before 2000", () => {
    expect(readTime(NOW + 300_000, NOW)).toEqual(own(NOW + 300_000));
    expect(readTime(NOW + 300_001, NOW)).toEqual(own(NOW + 300_001, "clock ahead"));
    const limits = { aheadMaxMs: 1000, behindMaxMs: 60_000 };
    expect(readTime(NOW + 1001, NOW, "ms", limits)).toEqual(own(NOW + 1001, "clock ahead"));
    expect(readTime(NOW - 60_000, NOW, "ms", limits)).toEqual(own(NOW - 60_000));
    expect(readTime(NOW - 60_001, NOW, "ms", limits)).toEqual(own(NOW - 60_001, "clock behind"));
    expect(readTime(1_763_707_200, NOW)).toEqual(own(1_763_707_200, "clock not set"));
  });

  test("survives the way through ISO 8601", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
        (date) => {
          expect(readTime(date.toISOString(), NOW)).toMatchObject({
            ts: date.getTime(),
            isOwn: true,
          });
        },
      ),
    );
  });

  test("makes readings uncertain, but a bad one stays bad", () => {
    const { readings, areAllTimed } = decode('{"ts":"yesterday","a":1,"b":null}');
    expect(readings).toEqual([
      { tag: "a", ts: NOW, value: 1, quality: "uncertain", reason: "time malformed" },
      { tag: "b", ts: NOW, value: null, quality: "bad", reason: "no value" },
    ]);
    expect(areAllTimed).toBe(false);
  });
});

test("a gateway that does not know the time calls nobody ahead or behind", () => {
  const bootTime = encodeBootTime({ boot: 1, sinceBootMs: 60_000 });
  const limits = { aheadMaxMs: 1000, behindMaxMs: 60_000 };
  expect(readTime(NOW, bootTime, "ms", limits)).toEqual(own(NOW));
  expect(readTime(1000, bootTime).doubt).toBe("clock not set");
});

test("a rule may overrule a sender's clock", () => {
  expect(readTime(NOW - 5000, NOW, "gateway")).toEqual({ ts: NOW, isOwn: false, doubt: undefined });
});
