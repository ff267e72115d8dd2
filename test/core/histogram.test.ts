import { expect, test, vi } from "vitest";
import { DurationHistogram } from "#core/histogram.ts";
import { fc } from "#test/support/properties.ts";

// Many runs each, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000 });

function histogramOf(durations: readonly number[]): DurationHistogram {
  const histogram = new DurationHistogram();
  for (const durationMs of durations) histogram.record(durationMs);
  return histogram;
}

test("a percentile is the true one, or up to a twentieth above it", () => {
  const duration = fc.double({ min: 0.01, max: 300_000, noNaN: true });
  const share = fc.constantFrom(0.5, 0.9, 0.99, 1);
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 200 }), share, (durations, at) => {
      const sorted = durations.toSorted((a, b) => a - b);
      const truth = sorted[Math.ceil(at * sorted.length - 1e-9) - 1]!;
      const told = histogramOf(durations).percentile(at);
      expect(told).toBeGreaterThanOrEqual(truth * (1 - 1e-9));
      expect(told).toBeLessThanOrEqual(truth * 1.05 * (1 + 1e-9));
    }),
    { numRuns: 500 },
  );
});

test("an empty one says zero", () => {
  expect(new DurationHistogram().summary()).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
});

test("a negative duration counts as zero", () => {
  const histogram = histogramOf([-500]);
  expect(histogram.summary()).toEqual({ count: 1, p50Ms: 0, p99Ms: 0, maxMs: 0 });
});

test("a duration of hours, after an outage, is not cut to the last border", () => {
  const hours = 3 * 3_600_000;
  expect(histogramOf([hours, hours, hours]).percentile(0.5)).toBe(hours);
});

test("many readings of one delay are recorded at once", () => {
  const histogram = new DurationHistogram();
  histogram.record(10, 99);
  histogram.record(1000, 1);
  expect(histogram.summary().count).toBe(100);
  expect(histogram.percentile(0.99)).toBeCloseTo(10, 0);
  expect(histogram.percentile(1)).toBe(1000);
});

test("a reset forgets everything", () => {
  const histogram = histogramOf([1, 2, 3]);
  histogram.reset();
  expect(histogram.summary()).toEqual(new DurationHistogram().summary());
});

test("what came since a copy is told apart from what was there before", () => {
  const all = new DurationHistogram();
  all.record(1000, 100);
  const before = all.copy();
  all.record(10, 100);
  expect(all.since(before).summary()).toMatchObject({ count: 100 });
  expect(all.since(before).percentile(0.99)).toBeLessThan(11);
  expect(all.since(all.copy()).summary()).toMatchObject({ count: 0, p99Ms: 0 });
  all.reset();
  all.record(50);
  expect(all.since(before).summary()).toMatchObject({ count: 1, maxMs: 50 });
});
