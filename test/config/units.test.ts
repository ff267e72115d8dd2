import { expect, test } from "vitest";
import { quantityAdvice } from "#config/faults/unit-advice.ts";
import {
  changeRate,
  duration,
  durationBetween,
  formatDuration,
  formatSize,
  size,
  sizeBetween,
} from "#config/units.ts";

test.each([
  ["50ms", 50],
  ["2s", 2000],
  ["1.5s", 1500],
  ["10 m", 600_000],
  ["1h", 3_600_000],
  ["14d", 14 * 86_400_000],
])("%s is %d milliseconds", (text, ms) => {
  expect(duration.parse(text)).toBe(ms);
});

test.each([
  ["64KiB", 65_536],
  ["1kB", 1000],
  ["8GiB", 8 * 2 ** 30],
  ["1TB", 1e12],
])("%s is %d bytes", (text, bytes) => {
  expect(size.parse(text)).toBe(bytes);
});

test.each(["", "s", "10", "10 parsecs", "-1s", "1e3s", "٣s", "1s2s", "10s\n"])(
  "%j is no duration",
  (text) => {
    expect(duration.safeParse(text).success).toBe(false);
  },
);

test("a change is so much a second, a minute or an hour", () => {
  expect(changeRate.parse(0.5)).toBe(0.5);
  expect(changeRate.parse("30/min")).toBe(0.5);
  expect(changeRate.parse("1800/h")).toBe(0.5);
  for (const wrong of [0, -1, "0/s", "30", "30/d", "30 K/min"]) {
    expect(changeRate.safeParse(wrong).error?.message).toBeDefined();
  }
});

test("bounds are told in the same units", () => {
  const bounded = durationBetween(1000, 86_400_000);
  expect(bounded.safeParse("999ms").error?.issues[0]?.message).toBe("too short: at least 1s");
  expect(bounded.safeParse("25h").error?.issues[0]?.message).toBe("too long: at most 1d");
  expect(sizeBetween(1024, 4096).safeParse("8KiB").error?.issues[0]?.message).toBe(
    "too large: at most 4KiB",
  );
});

test("a quantity is written in the largest unit that needs no decimals", () => {
  expect([90_000, 3_600_000, 0, 1].map(formatDuration)).toEqual(["90s", "1h", "0ms", "1ms"]);
  expect([65_536, 1000, 2 ** 40].map(formatSize)).toEqual(["64KiB", "1000B", "1TiB"]);
});

test.each([
  ["duration", "10 Sec", "did you mean 10s?"],
  ["duration", "5MIN", "did you mean 5m?"],
  ["duration", "1h 30m", "write it with one unit: 90m"],
  ["size", "8gb", "did you mean 8GB?"],
  ["size", "1g", "did you mean 1GiB?"],
  ["size", "64", "write 64KiB, 64MiB or 64GiB"],
] as const)("for the %s %j the advice is: %s", (what, text, advice) => {
  expect(quantityAdvice(what, text)).toBe(advice);
});
