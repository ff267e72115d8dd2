import { expect, test, vi } from "vitest";
import { shortestFloat32 } from "#core/float32.ts";
import { fc } from "#test/support/properties.ts";

// Many runs each, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000 });

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

function digitsOf(value: number): number {
  return value.toExponential().split("e")[0]!.replace(/[-.]/g, "").length;
}

test("the decimal reads back as the same float32", () => {
  fc.assert(
    fc.property(float32, (single) => {
      expect(Object.is(Math.fround(shortestFloat32(single)), single)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("no decimal with fewer digits reads back as the same float32", () => {
  const tiny = fc.nat(0x7fffff).map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0]!);
  fc.assert(
    fc.property(fc.oneof(float32, tiny), (single) => {
      const digits = digitsOf(shortestFloat32(single));
      for (let fewer = 1; fewer < digits; fewer++) {
        expect(Math.fround(Number(single.toPrecision(fewer)))).not.toBe(single);
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([
  [71.19999694824219, 71.2],
  [0.10000000149011612, 0.1],
  [16777216, 16777216],
  [3.4028234663852886e38, 3.4028235e38],
  [1.401298464324817e-45, 1e-45],
])("%d of a register is %d", (register, value) => {
  expect(shortestFloat32(register)).toBe(value);
});

test("what is no number, and the sign of zero, pass through", () => {
  expect(shortestFloat32(Number.NaN)).toBeNaN();
  expect(shortestFloat32(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  expect(Object.is(shortestFloat32(-0), -0)).toBe(true);
});
