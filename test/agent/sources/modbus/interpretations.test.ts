import { expect, test } from "vitest";
import { interpret, scaleTo } from "#agent/sources/modbus/interpretations.ts";
import { fc } from "#test/support/properties.ts";

/** Words from the place −1 on. */
function around(...words: number[]): Map<number, number> {
  return new Map(words.map((word, i) => [i - 1, word]));
}

/** 71.2 as a float32 is 428E 6666. */
const SWAPPED = interpret(around(0, 0x6666, 0x428e, 0, 0, 0));

function valueOf(type: string, order: string, shift: number): number | undefined {
  return SWAPPED.find(
    (found) => found.type === type && found.order === order && found.shift === shift,
  )?.value;
}

test("every type, order and neighbouring address has its value, as the codec decodes it", () => {
  expect(SWAPPED).toHaveLength((3 * 2 + 4 * 4 + 3 * 4) * 3);
  expect(valueOf("float32", "CDAB", 0)).toBe(71.2);
  expect(valueOf("uint16", "ABCD", 0)).toBe(0x6666);
  expect(valueOf("uint16", "ABCD", 1)).toBe(0x428e);
  expect(valueOf("uint16", "BADC", 1)).toBe(0x8e42);
  expect(valueOf("uint32", "ABCD", 0)).toBe(0x6666_428e);
  expect(valueOf("bcd16", "ABCD", 0)).toBe(6666);
  expect(valueOf("bcd16", "ABCD", 1)).toBeUndefined();
});

test("of the float's orders only the right one looks like a measured value", () => {
  const plausible = SWAPPED.filter(({ type, shift, isPlausible }) => {
    return isPlausible && type === "float32" && shift === 0;
  });
  expect(plausible.map(({ order }) => order)).toEqual(["CDAB"]);
});

test("a 32-bit counter does not look right with its registers swapped", () => {
  const found = interpret(around(0, 0x0001, 0x2345, 0, 0, 0));
  const plausible = found.filter(
    ({ type, shift, isPlausible }) => type === "uint32" && shift === 0 && isPlausible,
  );
  expect(plausible.map(({ order, value }) => [order, value])).toEqual([
    ["ABCD", 74_565],
    ["BADC", 16_794_915],
  ]);
});

test("what the device refused is no value, and neither is what reaches into it", () => {
  const found = interpret(new Map([[0, 5]]));
  expect(
    found.filter(({ value }) => value !== undefined).map(({ type, shift }) => [type, shift]),
  ).toEqual([
    ["int16", 0],
    ["int16", 0],
    ["uint16", 0],
    ["uint16", 0],
    ["bcd16", 0],
    ["bcd16", 0],
  ]);
});

test("any float32 that a meter may measure is found in any order", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 9_999_999 }),
      fc.constantFrom(0, 1, 2, 3),
      (n, order) => {
        const value = Math.fround(n / 1000);
        const view = new DataView(new ArrayBuffer(4));
        view.setFloat32(0, value);
        const bytes = [0, 1, 2, 3].map((i) => view.getUint8(i));
        const [a = 0, b = 0, c = 0, d = 0] = bytes;
        const wire = [
          [a, b, c, d],
          [c, d, a, b],
          [b, a, d, c],
          [d, c, b, a],
        ][order]!;
        const words = around(0, (wire[0]! << 8) | wire[1]!, (wire[2]! << 8) | wire[3]!, 0, 0, 0);
        const found = interpret(words).find(
          (cell) =>
            cell.type === "float32" &&
            cell.shift === 0 &&
            cell.order === (["ABCD", "CDAB", "BADC", "DCBA"] as const)[order],
        );
        expect(Math.fround(found!.value!)).toBe(value);
        expect(found!.isPlausible).toBe(true);
      },
    ),
  );
});

function scale(
  expected: number,
  value: number | undefined,
  type: "int16" | "float32" = "int16",
): number | undefined {
  return scaleTo(expected, { type, value });
}

test("a scale is found by which the value is what the device displays", () => {
  expect(scale(230, 2301)).toBe(0.1);
  expect(scale(230, 230)).toBe(1);
  expect(scale(-5, -4990)).toBe(0.001);
  expect(scale(2.3, 2301.5, "float32")).toBe(0.001);
  expect(scale(230, 2301, "float32")).toBeUndefined();
  expect(scale(230, -230)).toBeUndefined();
  expect(scale(230, 250)).toBeUndefined();
  expect(scale(230, undefined)).toBeUndefined();
});
