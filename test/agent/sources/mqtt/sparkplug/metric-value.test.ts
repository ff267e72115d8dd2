import { expect, test } from "vitest";
import { qualityOf, valueOf } from "#agent/sources/mqtt/sparkplug/metric-value.ts";
import {
  decodePayload,
  encodePayload,
  type SparkplugPayload,
} from "#agent/sources/mqtt/sparkplug/payload-codec.ts";
import { PenstockError } from "#core/errors.ts";
import { fc } from "#test/support/properties.ts";

test.each([
  [1, 8],
  [2, 16],
  [3, 32],
] as const)("an integer of type %i is read from its own bits, and from 32", (datatype, bits) => {
  const limit = 2 ** (bits - 1);
  fc.assert(
    fc.property(fc.integer({ min: -limit, max: limit - 1 }), (value) => {
      const widened = value >>> 0;
      const own = bits === 32 ? widened : widened & (2 ** bits - 1);
      for (const intValue of [widened, own]) {
        expect(valueOf({ intValue }, datatype)).toEqual({ scalar: value });
      }
    }),
  );
});

test.each([
  [1, 8],
  [2, 16],
  [3, 32],
] as const)("an integer of type %i is read from where those of 64 bits go", (datatype, bits) => {
  const limit = 2 ** (bits - 1);
  fc.assert(
    fc.property(fc.integer({ min: -limit, max: limit - 1 }), (value) => {
      for (const wide of [bits, 64]) {
        const longValue = BigInt.asUintN(wide, BigInt(value));
        expect(valueOf({ longValue }, datatype)).toEqual({ scalar: value });
      }
    }),
  );
});

test.each([
  ["an Int16 of 70000 in 64 bits", 2, { longValue: 70_000n }],
  ["a UInt16 of -1 in 64 bits", 6, { longValue: 2n ** 64n - 1n }],
  ["an Int8 of 300", 1, { intValue: 300 }],
  ["a UInt8 of 256", 5, { intValue: 256 }],
  ["a UInt16 of -1 in 32 bits", 6, { intValue: 2 ** 32 - 1 }],
  ["a Float that holds a text", 9, { stringValue: "7" }],
  ["a Boolean that holds a number", 11, { intValue: 1 }],
  ["an Int32 that holds nothing", 3, {}],
])("%s is no value of its type", (_, datatype, metric) => {
  expect(valueOf(metric, datatype)).toEqual({ refusal: "value not of its type" });
});

test.each([
  [16, "DataSet"],
  [17, "Bytes"],
  [18, "File"],
  [19, "Template"],
  [22, "array"],
  [34, "array"],
  [99, "99"],
  [0, "0"],
  [undefined, "none"],
])("type %s is refused by its name, %s", (datatype, name) => {
  expect(valueOf({ intValue: 1 }, datatype)).toEqual({ refusal: `unsupported type ${name}` });
});

test("64-bit integers keep all their digits", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const longValue = BigInt.asUintN(64, value);
      const number = valueOf({ longValue }, 4);
      expect("scalar" in number && String(number.scalar)).toBe(String(value));
    }),
  );
});

test("a null is no value, whatever its type", () => {
  for (const datatype of [1, 9, 16, 99]) {
    expect(valueOf({ isNull: true, intValue: 1 }, datatype)).toEqual({ scalar: null });
  }
});

function said(intValue: number): unknown {
  return qualityOf({ properties: { keys: ["unit", "Quality"], values: [{}, { intValue }] } });
}

test("the property Quality is the sender's word", () => {
  expect(said(192)).toBeUndefined();
  expect(said(0)).toEqual({ quality: "bad", reason: "bad at the source" });
  expect(said(500)).toEqual({ quality: "bad", reason: "stale" });
  expect(said(64)).toEqual({ quality: "uncertain", reason: "quality unknown" });
  expect(qualityOf({ properties: { keys: ["Quality"] } })).toBeUndefined();
  expect(qualityOf({})).toBeUndefined();
});

/** The payload, or the code of its refusal. Whatever else happens is thrown. */
function read(bytes: Uint8Array): SparkplugPayload | string {
  try {
    return decodePayload(bytes);
  } catch (error) {
    if (error instanceof PenstockError) return error.code;
    throw error;
  }
}

test("any bytes are a payload, or are refused by name", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const outcome = read(bytes);
      expect(typeof outcome === "object" || outcome === "PAYLOAD_MALFORMED").toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("a payload cut anywhere is refused, or read without what was cut off", () => {
  const metrics = [{ name: "speed", alias: 7n, datatype: 10, doubleValue: 71.2 }];
  const whole = encodePayload({ timestamp: 1_763_707_200_000n, seq: 5n, metrics });
  for (let length = 0; length < whole.length; length++) {
    const outcome = read(whole.subarray(0, length));
    const found = typeof outcome === "string" ? [] : (outcome.metrics ?? []);
    expect([[], metrics]).toContainEqual(found);
  }
  expect(read(whole)).toEqual({ timestamp: 1_763_707_200_000n, seq: 5n, metrics });
});
