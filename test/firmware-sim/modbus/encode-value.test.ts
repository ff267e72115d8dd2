/** What the simulator writes into registers, the agent reads: each with code of its own. */

import { expect, test } from "vitest";
import { createPoint } from "#agent/sources/modbus/point.ts";
import { tag } from "#config/gateway/tag.ts";
import { encodeNumber, encodeText } from "#sim/modbus/encode-value.ts";
import { fc } from "#test/support/properties.ts";

const ORDERS = ["ABCD", "CDAB", "BADC", "DCBA"] as const;

const VALUES = {
  int16: fc.integer({ min: -0x7fff, max: 0x7fff }),
  uint16: fc.integer({ min: 0, max: 0xffff }),
  int32: fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff }),
  uint32: fc.integer({ min: 0, max: 0xffff_ffff }),
  float32: fc
    .float({ noNaN: true, noDefaultInfinity: true })
    .map((value) => Number(value.toPrecision(6))),
  int64: fc.maxSafeInteger(),
  uint64: fc.maxSafeNat(),
  float64: fc.double({ noNaN: true, noDefaultInfinity: true }),
  bcd16: fc.nat(9999),
  bcd32: fc.nat(99_999_999),
} as const;

function decoded(settings: Record<string, unknown>, words: readonly number[]): unknown {
  const data = Buffer.alloc(2 * words.length);
  words.forEach((word, i) => data.writeUInt16BE(word, 2 * i));
  return createPoint("t", tag.parse({ register: 40_001, ...settings }))?.decode(data, 0);
}

const TYPES = [
  "int16",
  "uint16",
  "int32",
  "uint32",
  "float32",
  "int64",
  "uint64",
  "float64",
  "bcd16",
  "bcd32",
] as const;

test.each(TYPES.flatMap((type) => ORDERS.map((order) => ({ type, order }))))(
  "$type in the order $order is read as it was written",
  ({ type, order }) => {
    const values: fc.Arbitrary<number> = VALUES[type];
    fc.assert(
      fc.property(values, (value) => {
        const read = Number(decoded({ type, order }, encodeNumber(type, order, value)));
        // A float32 is read as its shortest decimal; zero has no sign once it is scaled.
        const precision = type === "float32" ? Math.fround : Number;
        expect(precision(read) + 0).toBe(precision(value) + 0);
      }),
    );
  },
);

test("what does not fit stays at the end of its range", () => {
  expect(decoded({ type: "int16" }, encodeNumber("int16", "ABCD", 1e9))).toBe(0x7fff);
  expect(decoded({ type: "uint16" }, encodeNumber("uint16", "ABCD", -5))).toBe(0);
});

test("a text is read as it was written, up to its length", () => {
  const settings = { type: "string", length: 4 };
  expect(decoded(settings, encodeText("SIM-1", 4))).toBe("SIM-1");
  expect(decoded(settings, encodeText("longer than that", 4))).toBe("longer t");
});
