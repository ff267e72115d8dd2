import { describe, expect, test } from "vitest";
import { inSteps, STEP_SIZES, sizeFor, valueOf } from "#agent/detect/decimal-steps.ts";
import { Sparkline } from "#agent/detect/sparkline.ts";
import { StateLayout } from "#agent/detect/state-layout.ts";
import { singleBlock } from "#agent/detect/state-slabs.ts";
import { fc } from "#test/support/properties.ts";

function drawn(values: Iterable<number>): number[] {
  const layout = new StateLayout();
  const sparkline = new Sparkline(layout);
  const block = singleBlock(layout.shape);
  for (const value of values) sparkline.push(block, value);
  return sparkline.points(block);
}

const step = fc.integer({ min: -1000, max: 1000 }).map((thousandths) => thousandths / 1000);
const scale = fc.constantFrom(1e-30, 0.001, 1, 1e6, 1e30);

describe("Sparkline", () => {
  test("gives the last 30 values, newest last, to a fiftieth of the height that it had of late", () => {
    const moves = fc.array(fc.tuple(step, fc.constantFrom(1, 1, 1, 50)), { maxLength: 200 });
    fc.assert(
      fc.property(moves, scale, (changes, unit) => {
        let value = 0;
        const values = changes.map(([move, times]) => (value += unit * move * times));
        const points = drawn(values);
        expect(points).toHaveLength(Math.min(30, values.length));
        // The step follows a picture that becomes lower once in a picture's length.
        const recent = values.slice(-60);
        const height = Math.max(...recent) - Math.min(...recent);
        // Nine digits are kept of values that hardly differ.
        const error = height / 50 + 1e-9 * Math.max(...recent.map(Math.abs));
        for (const [i, given] of values.slice(-30).entries()) {
          expect(Math.abs((points[i] ?? Number.NaN) - given)).toBeLessThanOrEqual(error);
        }
      }),
    );
  });

  test("gives values of few digits back as they were, wherever they are", () => {
    const values = Array.from({ length: 100 }, (_, i) => Number((71.2 + (i % 40) / 10).toFixed(1)));
    expect(drawn(values)).toEqual(values.slice(-30));
    const counter = Array.from({ length: 1000 }, (_, i) => 1_500_000_000 + i);
    expect(drawn(counter)).toEqual(counter.slice(-30));
    expect(drawn([5])).toEqual([5]);
    expect(drawn(Array.from({ length: 45 }, () => -0.125))).toEqual(
      Array.from({ length: 30 }, () => -0.125),
    );
  });

  test("is sharp again when a spike has left it", () => {
    const calm = Array.from({ length: 90 }, (_, i) => (i % 7) / 10);
    expect(drawn([1e6, ...calm])).toEqual(calm.slice(-30));
  });

  test("leaves out what is too large for a picture", () => {
    expect(drawn([1, 1e300, 2])).toEqual([1, 2]);
    expect(drawn([1e308, -1e308])).toEqual([]);
  });
});

describe("decimal steps", () => {
  test("grow from size to size by 2 or 2.5", () => {
    for (let size = 1; size < STEP_SIZES; size++) {
      const ratio = valueOf(1, size) / valueOf(1, size - 1);
      expect(ratio).toBeGreaterThan(1.99);
      expect(ratio).toBeLessThan(2.51);
    }
  });

  test("are found by how large they must be at least", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-41, max: 1e42, noNaN: true }), (least) => {
        const size = sizeFor(least);
        expect(valueOf(1, size)).toBeGreaterThanOrEqual(least);
        expect(valueOf(1, size - 1)).toBeLessThan(least);
      }),
    );
    expect(sizeFor(0)).toBe(0);
    expect(sizeFor(1e300)).toBe(STEP_SIZES);
  });

  test("are counted back and forth", () => {
    const count = fc.integer({ min: -(2 ** 31), max: 2 ** 31 });
    fc.assert(
      fc.property(count, fc.nat(STEP_SIZES - 1), (steps, size) => {
        expect(inSteps(valueOf(steps, size), size)).toBe(steps);
      }),
    );
  });
});
