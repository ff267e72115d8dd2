import { expect, test } from "vitest";
import { createScaler } from "#agent/sources/scaling.ts";
import { fc } from "#test/support/properties.ts";

test("scales decimals without float dust", () => {
  expect(createScaler(0.1, 0)(713)).toBe(71.3);
  expect(createScaler(0.001, 0)(4_294_967_295)).toBe(4_294_967.295);
  expect(createScaler(0.01, -40)(6123)).toBe(21.23);
  expect(createScaler(0.1, 0.2)(1)).toBe(0.3);
  expect(createScaler(1.8, 32)(36.6)).toBe(97.88);
  expect(createScaler(1000, 0)(1.1)).toBe(1100);
  expect(createScaler(1e-30, 0)(3)).toBe(3e-30);
});

test("leaves a value alone where there is nothing to do", () => {
  expect(createScaler(1, 0)(-0)).toBe(-0);
  expect(createScaler(1, 0)(71.2)).toBe(71.2);
});

test("gives no negative zero", () => {
  expect(createScaler(-1, 0)(0)).toBe(0);
  expect(createScaler(0.1, 0.1)(-1)).toBe(0);
});

test("gives the double nearest to the true decimal for any register", () => {
  const decimals = fc.tuple(
    fc.integer({ min: -99_999, max: 99_999 }),
    fc.integer({ min: 0, max: 6 }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }),
      decimals,
      decimals,
      (raw, scale, offset) => {
        const scaled = createScaler(decimal(scale), decimal(offset))(raw);
        const exponent = Math.max(scale[1], offset[1]);
        const exact =
          BigInt(raw) * BigInt(scale[0]) * 10n ** BigInt(exponent - scale[1]) +
          BigInt(offset[0]) * 10n ** BigInt(exponent - offset[1]);
        const expected = Number(`${exact}e-${exponent}`);
        // Beyond 2^53 ordinary arithmetic must do, with its 15 digits.
        const isExact = exact < 2n ** 53n && exact > -(2n ** 53n);
        const tolerance = isExact ? 0 : Math.abs(expected) * 1e-14;
        expect(Math.abs(scaled - expected)).toBeLessThanOrEqual(tolerance);
      },
    ),
  );
});

function decimal([digits, places]: readonly [number, number]): number {
  return Number(`${digits}e-${places}`);
}
