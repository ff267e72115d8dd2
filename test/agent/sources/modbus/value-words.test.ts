import { describe, expect, test } from "vitest";
import { createPoint } from "#agent/sources/modbus/point.ts";
import { writingOf } from "#agent/sources/modbus/value-words.ts";
import { type TagSettings, tag } from "#config/gateway/tag.ts";
import { fc } from "#test/support/properties.ts";

const at = (settings: object): TagSettings => tag.parse({ register: 40_011, ...settings });

function bytesOf(words: readonly number[]): Uint8Array {
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

const WHOLE = {
  int16: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
  uint16: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.maxSafeInteger(),
  uint64: fc.maxSafeNat(),
  bcd16: fc.integer({ min: 0, max: 9999 }),
  bcd32: fc.integer({ min: 0, max: 99_999_999 }),
};
const ORDERS = ["ABCD", "CDAB", "BADC", "DCBA"];

describe("what is written is what is read back", () => {
  test.each(Object.entries(WHOLE))("%s in every order, and in tenths", (type, values) => {
    fc.assert(
      fc.property(values, fc.constantFrom(...ORDERS), fc.boolean(), (raw, order, inTenths) => {
        // Whole numbers near 2^53 have no tenths that a double could tell apart.
        fc.pre(!inTenths || Math.abs(raw) < 2 ** 45);
        const settings = at({ type, order, ...(inTenths && { scale: 0.1 }) });
        const text = String(inTenths ? raw / 10 : raw);
        const { words, value } = writingOf(settings, text);
        expect(value).toBe(Number(text) === 0 ? 0 : Number(text));
        expect(createPoint("t", settings)?.decode(bytesOf(words), 0)).toBe(value);
      }),
    );
  });

  test.each(["float32", "float64"])("%s in every order", (type) => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
        fc.constantFrom(...ORDERS),
        (number, order) => {
          fc.pre(number === 0 || Math.abs(number) > 1e-30);
          const settings = at({ type, order });
          const { words, value } = writingOf(settings, String(number));
          expect(Math.fround(Number(value))).toBe(number === 0 ? 0 : number);
          expect(createPoint("t", settings)?.decode(bytesOf(words), 0)).toBe(value);
        },
      ),
    );
  });

  test("the registers stand in the tag's order", () => {
    expect(writingOf(at({ type: "float32" }), "71.2").words).toEqual([0x428e, 0x6666]);
    expect(writingOf(at({ type: "float32", order: "CDAB" }), "71.2").words).toEqual([
      0x6666, 0x428e,
    ]);
  });

  test("a name stands for its raw value, and a coil for a bit", () => {
    const mode = at({ values: { 0: "stopped", 3: "running" } });
    expect(writingOf(mode, "running")).toMatchObject({ words: [3], value: "running" });
    const coil = tag.parse({ coil: 7 });
    expect(writingOf(coil, "on")).toEqual({
      address: { table: "coil", start: 6 },
      words: [1],
      value: true,
    });
    expect(writingOf(coil, "false").words).toEqual([0]);
  });
});

test.each([
  [{ range: [0, 200] }, "201", "201 is outside of the tag's range, 0 to 200"],
  [{ range: [0, 200] }, "-1", "would have to hold -1, and takes 0 to 65535"],
  [{ type: "int16", range: [0, 200] }, "-1", "-1 is outside of the tag's range"],
  [{ scale: 0.1 }, "71.25", "cannot hold 71.25: the nearest that it can is 71.3"],
  [{}, "70000", "would have to hold 70000, and takes 0 to 65535"],
  [{ type: "float32" }, "1e39", "no value to this tag (infinite)"],
  [{ invalid: [0x7fff] }, "32767", "no value to this tag (invalid code)"],
  [{}, "", '"" is not a number'],
  [{}, "12,5", '"12,5" is not a number'],
  [{}, "NaN", '"NaN" is not a number'],
  [{ values: { 0: "stopped", 3: "running" } }, "3", '"3" is none of stopped, running'],
  [{ register: undefined, coil: 1 }, "2", 'a coil is true or false, and not "2"'],
  [{ type: "string" }, "x", '"x" is not a number'],
])("with %o it refuses %s", (settings, text, why) => {
  expect(() => writingOf(at(settings), text)).toThrow(why);
});
