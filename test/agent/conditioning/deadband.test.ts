import { expect, test } from "vitest";
import { createDeadband, type Deadband } from "#agent/conditioning/deadband.ts";
import { fc } from "#test/support/properties.ts";

const MAX_SILENCE = 60_000;

function deadband(band: number | string): Deadband {
  return createDeadband({ deadband: band, maxSilence: MAX_SILENCE })!;
}

/** Which of these values, one a second, are kept. */
function kept(tag: Deadband, values: readonly number[]): number[] {
  return values.filter((value, i) => tag.isNews(value, "good", 1000 * i));
}

test("keeps what leaves the band around the last kept value, in the tag's unit", () => {
  expect(kept(deadband(0.2), [20, 20.1, 20.2, 20.3, 20.4, 20.1])).toEqual([20, 20.3]);
});

test("keeps what leaves the band by a share of the last kept value", () => {
  expect(kept(deadband("10%"), [100, 109, 111, 101, 99])).toEqual([100, 111, 99]);
});

test("keeps a value that did not change once the silence is over, whichever way the clock went", () => {
  const tag = deadband(1);
  expect(tag.isNews(5, "good", 1_000_000)).toBe(true);
  expect(tag.isNews(5, "good", 1_059_999)).toBe(false);
  expect(tag.isNews(5, "good", 1_060_000)).toBe(true);
  expect(tag.isNews(5, "good", 1_000_000)).toBe(true);
});

test("keeps every bad reading, and the first good one behind it", () => {
  const tag = deadband(1);
  tag.isNews(5, "good", 0);
  expect(tag.isNews(null, "bad", 1000)).toBe(true);
  expect(tag.isNews(null, "bad", 2000)).toBe(true);
  expect(tag.isNews(5, "good", 3000)).toBe(true);
  expect(tag.isNews(5, "good", 4000)).toBe(false);
});

test("keeps a reading that comes once more, because it could not be stored", () => {
  const tag = deadband(1);
  expect(tag.isNews(5, "good", 1000)).toBe(true);
  expect(tag.isNews(5, "good", 2000)).toBe(false);
  expect(tag.isNews(5, "good", 1000)).toBe(true);
});

test("keeps each change of a state", () => {
  const tag = deadband(0);
  expect(
    [true, true, false, false, true].filter((value, i) => tag.isNews(value, "good", i)),
  ).toEqual([true, false, true]);
});

test("what is left out is never further than the band from what was kept before it", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 })), (values) => {
      const tag = deadband(10);
      let last = Number.NaN;
      values.forEach((value, i) => {
        if (tag.isNews(value, "good", i)) last = value;
        expect(Math.abs(value - last)).toBeLessThanOrEqual(10);
      });
    }),
  );
});

test("without a deadband there is none", () => {
  expect(createDeadband({ maxSilence: MAX_SILENCE })).toBeUndefined();
});
