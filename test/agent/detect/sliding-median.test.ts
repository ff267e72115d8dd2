import { describe, expect, test } from "vitest";
import { SlidingMedian } from "#agent/detect/sliding-median.ts";
import { StateLayout } from "#agent/detect/state-layout.ts";
import { singleBlock } from "#agent/detect/state-slabs.ts";
import { fc } from "#test/support/properties.ts";

function naiveMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function naiveMad(values: readonly number[]): number {
  const median = naiveMedian(values);
  return naiveMedian(values.map((value) => Math.abs(value - median)));
}

function windowOf(size: number): SlidingMedian {
  const layout = new StateLayout();
  const window = new SlidingMedian(layout, size);
  window.on(singleBlock(layout.shape));
  return window;
}

const coarse = fc.integer({ min: -5, max: 5 });
const fine = fc.double({ min: -1e9, max: 1e9, noNaN: true });

describe("SlidingMedian", () => {
  test("agrees with the plain median and MAD of the window after every value", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.oneof(coarse, fine), { maxLength: 80 }),
        (size, values) => {
          const window = windowOf(size);
          for (const [i, value] of values.entries()) {
            window.push(value);
            const last = values.slice(Math.max(0, i + 1 - size), i + 1);
            expect(window.count).toBe(last.length);
            // Adding 0 makes one zero of the two: a window of both has either as its median.
            expect(window.median() + 0).toBe(naiveMedian(last) + 0);
            expect(window.mad(window.median()) + 0).toBe(naiveMad(last) + 0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("has no median before the first value", () => {
    const window = windowOf(3);
    expect(window.median()).toBeNaN();
    expect(window.mad(window.median())).toBeNaN();
  });
});
