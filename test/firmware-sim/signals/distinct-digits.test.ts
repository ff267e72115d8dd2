import { describe, expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { counter, gauge } from "#sim/signals/device-model.ts";
import { DistinctDigits, distinctDigitsFor, shuffledOrder } from "#sim/signals/distinct-digits.ts";
import { RATE_HZ_MAX } from "#sim/simulator.ts";
import { fc } from "#test/support/properties.ts";

const TAGS = [gauge("a", "", 2, 0, 100), gauge("b", "", 0, 0, 10), counter("c", "")];

describe("distinct digits", () => {
  test("make every value of a minute different, whatever the sensor says", () => {
    const rates = fc.integer({ min: 1, max: 1200 });
    const raw = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(rates, raw, fc.nat(), (perMinute, pattern, seed) => {
        const order = shuffledOrder(distinctDigitsFor(perMinute), createRandom(seed));
        const digits = new DistinctDigits(TAGS, order);
        const seen = TAGS.map(() => new Set<number>());
        for (let i = 0; i < perMinute; i++) {
          const value = pattern[i % pattern.length] ?? 0;
          const values = Float64Array.of(value, value, Math.abs(value));
          digits.apply(values);
          for (const [tag, set] of seen.entries()) set.add(values[tag] ?? Number.NaN);
        }
        expect(seen.map((set) => set.size)).toEqual(TAGS.map(() => perMinute));
      }),
      { numRuns: 60 },
    );
  });

  test("change a value by less than the sensor resolves, and print short", () => {
    const digits = new DistinctDigits(TAGS, shuffledOrder(3, createRandom(1)));
    for (let i = 0; i < 2000; i++) {
      const values = Float64Array.of(71.234_567 + i, -3.3, i);
      digits.apply(values);
      expect(Math.abs((values[0] ?? 0) - (71.23 + i))).toBeLessThan(0.01 + 1e-9);
      expect(String(values[0]).length).toBeLessThanOrEqual(11);
      expect((values[1] ?? 0) + 3).toBeGreaterThanOrEqual(-1e-9);
    }
  });

  test("let a standing counter grow by one unit of its last place", () => {
    const digits = new DistinctDigits(TAGS, shuffledOrder(2, createRandom(1)));
    const readings = [5, 5, 5, 5.1].map((value) => {
      const values = Float64Array.of(0, 0, value);
      digits.apply(values);
      return values[2];
    });
    expect(readings).toEqual([5, 5.000_001, 5.000_002, 5.1]);
  });

  test("leave a missing value missing", () => {
    const digits = new DistinctDigits(TAGS, shuffledOrder(2, createRandom(1)));
    const values = Float64Array.of(Number.NaN, 1, 2);
    digits.apply(values);
    expect(values[0]).toBeNaN();
  });

  test("are at most four, at the highest rate", () => {
    expect(distinctDigitsFor(60)).toBe(2);
    expect(distinctDigitsFor(600)).toBe(3);
    expect(distinctDigitsFor(60 * RATE_HZ_MAX)).toBe(4);
  });
});
