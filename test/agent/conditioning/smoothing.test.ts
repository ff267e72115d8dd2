import { expect, test } from "vitest";
import { Smoothing } from "#agent/conditioning/smoothing.ts";
import { Throttle } from "#agent/conditioning/throttle.ts";
import { fc } from "#test/support/properties.ts";

function smoothed(filter: Smoothing, values: readonly number[]): number[] {
  return values.map((value, i) => filter.smooth(value, 1000 * i));
}

test("a median of three takes single spikes out", () => {
  expect(smoothed(new Smoothing({ median: 3 }), [20, 21, 999, 22, -5, 23])).toEqual([
    20, 20, 21, 22, 22, 22,
  ]);
});

test("a mean is over the last values, as many as there are, without float dust", () => {
  expect(smoothed(new Smoothing({ mean: 2 }), [71.2, 71.4, 71.6])).toEqual([71.2, 71.3, 71.5]);
});

test("the mean is taken behind the median", () => {
  expect(smoothed(new Smoothing({ median: 3, mean: 2 }), [10, 10, 500, 12, 12])).toEqual([
    10, 10, 10, 11, 12,
  ]);
});

test("nothing from before a gap is mixed into what comes behind it", () => {
  const filter = new Smoothing({ mean: 10 });
  smoothed(filter, [1, 2, 3]);
  filter.reset();
  expect(filter.smooth(100, 9000)).toBe(100);
});

test("a late reading passes as it is, and one that comes once more counts once", () => {
  const filter = new Smoothing({ mean: 3 });
  expect(smoothed(filter, [10, 20])).toEqual([10, 15]);
  expect(filter.smooth(99, 500)).toBe(99);
  expect(filter.smooth(20, 1000)).toBe(15);
  expect(filter.smooth(30, 2000)).toBe(20);
});

test("what is smoothed never leaves what was measured", () => {
  const value = fc.double({ noNaN: true, min: -1e100, max: 1e100 });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), fc.nat(9), (values, window) => {
      const filter = new Smoothing({ median: window + 1, mean: window + 1 });
      const slack = 1e-12 * Math.max(...values.map(Math.abs));
      for (const result of smoothed(filter, values)) {
        expect(result).toBeGreaterThanOrEqual(Math.min(...values) - slack);
        expect(result).toBeLessThanOrEqual(Math.max(...values) + slack);
      }
    }),
  );
});

test("a throttle keeps the first reading of an interval, and each change of quality", () => {
  const throttle = new Throttle(1000);
  const kept = [0, 400, 999, 1000, 1100, 2050].filter((ts) => throttle.isDue("good", ts));
  expect(kept).toEqual([0, 1000, 2050]);
  expect(throttle.isDue("bad", 2060)).toBe(true);
  expect(throttle.isDue("bad", 2070)).toBe(false);
});
