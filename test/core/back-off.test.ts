import { expect, test } from "vitest";
import { backOff } from "#core/back-off.ts";
import { createRandom } from "#core/random.ts";
import { fc } from "#test/support/properties.ts";

function first(count: number, schedule: Parameters<typeof backOff>[0], seed = 1): number[] {
  return backOff(schedule, createRandom(seed)).take(count).toArray();
}

test("delays double until the longest, without end", () => {
  expect(first(6, { firstMs: 100, maxMs: 1000, jitter: 0 })).toEqual([
    100, 200, 400, 800, 1000, 1000,
  ]);
});

test("the factor is the caller's", () => {
  expect(first(4, { firstMs: 10, maxMs: 1000, factor: 3, jitter: 0 })).toEqual([10, 30, 90, 270]);
});

test("a first delay beyond the longest is cut to it", () => {
  expect(first(2, { firstMs: 5000, maxMs: 1000, jitter: 0 })).toEqual([1000, 1000]);
});

test("a gateway's seed repeats its delays, and another gateway's differ", () => {
  const schedule = { firstMs: 100, maxMs: 60_000 };
  expect(first(10, schedule, 1)).toEqual(first(10, schedule, 1));
  expect(first(10, schedule, 1)).not.toEqual(first(10, schedule, 2));
});

test("jitter only shortens a delay, by no more than its share", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (jitter, seed) => {
      const schedule = { firstMs: 100, maxMs: 5000 };
      const plain = first(12, { ...schedule, jitter: 0 });
      for (const [i, delayMs] of first(12, { ...schedule, jitter }, seed).entries()) {
        const longest = plain[i]!;
        expect(delayMs).toBeLessThanOrEqual(longest);
        expect(delayMs).toBeGreaterThanOrEqual(longest * (1 - jitter) - 1e-9);
      }
    }),
  );
});
