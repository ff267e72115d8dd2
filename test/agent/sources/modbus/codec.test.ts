import { describe, expect, test } from "vitest";
import { createPoint } from "#agent/sources/modbus/point.ts";
import { NotAValue, REGISTER_TYPES } from "#agent/sources/modbus/register-types.ts";
import { addressOf, manualAddress } from "#config/gateway/modbus-address.ts";
import type { Value } from "#core/reading.ts";
import { fc } from "#test/support/properties.ts";
import { settingsOf } from "./start-bus.ts";

function decode(
  tag: Record<string, unknown>,
  bytes: readonly number[],
  offset = 0,
): Value | string {
  const settings = settingsOf({ modbus: "tcp", host: "h" }, { d: { tags: { t: tag } } });
  const value = createPoint("t", settings.devices["d"]!.tags["t"]!)!.decode(
    Uint8Array.from(bytes),
    offset,
  );
  return value instanceof NotAValue ? value.reason : value;
}

function address(tag: Record<string, unknown>): unknown {
  const settings = settingsOf({ modbus: "tcp", host: "h" }, { d: { tags: { t: tag } } });
  return addressOf(settings.devices["d"]!.tags["t"]!);
}

describe("addresses", () => {
  test("count from 1 in the file and from 0 on the wire, with five or six digits", () => {
    expect(address({ register: 40_001 })).toEqual({ table: "holding", start: 0 });
    expect(address({ register: 30_010 })).toEqual({ table: "input", start: 9 });
    expect(address({ register: 410_001 })).toEqual({ table: "holding", start: 10_000 });
    expect(address({ register: 465_536 })).toEqual({ table: "holding", start: 65_535 });
    expect(address({ coil: 1 })).toEqual({ table: "coil", start: 0 });
    expect(address({ discrete: 65_536 })).toEqual({ table: "discrete", start: 65_535 });
    expect(address({ register: 50_000 })).toBeUndefined();
    expect(address({})).toBeUndefined();
  });

  test("are written as in a manual", () => {
    expect(manualAddress({ table: "holding", start: 0 })).toBe("40001");
    expect(manualAddress({ table: "input", start: 10_000 })).toBe("310001");
    expect(manualAddress({ table: "coil", start: 3 })).toBe("coil 4");
  });
});

describe("values", () => {
  // 0x12345678 in the four orders, by the definition of their names.
  test.each([
    ["ABCD", [0x12, 0x34, 0x56, 0x78]],
    ["CDAB", [0x56, 0x78, 0x12, 0x34]],
    ["BADC", [0x34, 0x12, 0x78, 0x56]],
    ["DCBA", [0x78, 0x56, 0x34, 0x12]],
  ])("are put together in the order %s", (order, bytes) => {
    expect(decode({ register: 40_001, type: "uint32", order }, bytes)).toBe(0x12345678);
  });

  test("are taken at their offset in the answer", () => {
    expect(decode({ register: 40_001, type: "int16" }, [0, 0, 0xff, 0xfe], 1)).toBe(-2);
    expect(decode({ coil: 1 }, [0b0000_0001, 0b0000_0010], 9)).toBe(true);
    expect(decode({ coil: 1 }, [0b0000_0001, 0b0000_0010], 8)).toBe(false);
  });

  test("of float32 are the shortest decimals", () => {
    expect(decode({ register: 40_001, type: "float32" }, [0x42, 0x8e, 0x66, 0x66])).toBe(71.2);
    expect(decode({ register: 40_001, type: "float32" }, [0x80, 0, 0, 0])).toBe(-0);
  });

  test("that are no numbers are bad, and say why", () => {
    expect(decode({ register: 40_001, type: "float32" }, [0x7f, 0xc0, 0, 0])).toBe("not a number");
    expect(decode({ register: 40_001, type: "float32" }, [0xff, 0x80, 0, 0])).toBe("infinite");
  });

  test("of 64 bits are exact, or bad", () => {
    const tag = { register: 40_001, type: "uint64" };
    expect(decode(tag, [0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])).toBe(2 ** 53 - 1);
    expect(decode(tag, [0, 0x20, 0, 0, 0, 0, 0, 0])).toBe("beyond 2^53");
    expect(decode({ ...tag, type: "int64" }, [0x80, 0, 0, 0, 0, 0, 0, 0])).toBe("beyond 2^53");
  });

  test("in BCD have decimal digits only", () => {
    expect(decode({ register: 40_001, type: "bcd16" }, [0x12, 0x34])).toBe(1234);
    expect(decode({ register: 40_001, type: "bcd16" }, [0x12, 0x3a])).toBe("not BCD");
    const swapped = { register: 40_001, type: "bcd32", order: "CDAB", scale: 0.01 };
    expect(decode(swapped, [0x56, 0x78, 0x12, 0x34])).toBe(123_456.78);
  });

  test("can be texts, which end at a NUL or in blanks", () => {
    const bytes = [...Buffer.from("SDM630  \0x")];
    expect(decode({ register: 40_001, type: "string", length: 5 }, bytes)).toBe("SDM630");
    const swapped = [...Buffer.from("DS6M03")];
    const tag = { register: 40_001, type: "string", length: 3, order: "BADC" };
    expect(decode(tag, swapped)).toBe("SDM630");
  });

  test("can be single bits of a register", () => {
    expect(decode({ register: 40_001, bit: 0 }, [0, 1])).toBe(true);
    expect(decode({ register: 40_001, bit: 15 }, [0x80, 0])).toBe(true);
    expect(decode({ register: 40_001, bit: 15, type: "int16" }, [0x80, 0])).toBe(true);
    expect(decode({ register: 40_001, bit: 14, type: "int16" }, [0x80, 0])).toBe(false);
    expect(decode({ register: 40_001, bit: 31, type: "uint32" }, [0x80, 0, 0, 0])).toBe(true);
  });

  test("can be a field of a register's bits, as a number or as a name", () => {
    expect(decode({ register: 40_001, bits: [4, 7] }, [0x12, 0x34])).toBe(3);
    expect(decode({ register: 40_001, bits: [15, 15], type: "int16" }, [0x80, 0])).toBe(1);
    expect(decode({ register: 40_001, bits: [0, 31], type: "int32" }, [255, 255, 255, 255])).toBe(
      0xffff_ffff,
    );
    expect(decode({ register: 40_001, bits: [8, 15], scale: 0.5 }, [7, 0])).toBe(3.5);
    const values = { 0: "off", 1: "eco", 2: "full" };
    expect(decode({ register: 40_001, bits: [2, 3], values }, [0, 0b1011])).toBe("full");
  });

  test("can have names", () => {
    const tag = { register: 40_001, values: { "0": "stopped", "1": "running" } };
    expect(decode(tag, [0, 1])).toBe("running");
    expect(decode(tag, [0, 7])).toBe("unknown code 7");
  });

  test("by which a device says that it has none are bad", () => {
    const tag = { register: 40_001, type: "int16", scale: 0.1, invalid: [0x7fff, -32_768] };
    expect(decode(tag, [0x7f, 0xff])).toBe("invalid code");
    expect(decode(tag, [0x80, 0])).toBe("invalid code");
    expect(decode(tag, [0x7f, 0xfe])).toBe(3276.6);
    expect(decode({ ...tag, invalid: [0x8000] }, [0x80, 0])).toBe("invalid code");
    expect(decode({ ...tag, invalid: [0x8000] }, [0x80, 1])).toBe(-3276.7);
  });

  test("do not reach beyond the last register", () => {
    const settings = settingsOf(
      { modbus: "tcp", host: "h" },
      { d: { tags: { t: { register: 465_535, type: "int64" } } } },
    );
    expect(createPoint("t", settings.devices["d"]!.tags["t"]!)).toBeUndefined();
  });

  test("come from any bytes without an error", () => {
    const types = fc.constantFrom(...Object.keys(REGISTER_TYPES), "string");
    const orders = fc.constantFrom("ABCD", "CDAB", "BADC", "DCBA");
    fc.assert(
      fc.property(types, orders, fc.uint8Array({ maxLength: 16 }), (type, order, bytes) => {
        const value = decode({ register: 40_001, type, order, scale: 0.1 }, [...bytes]);
        expect(typeof value === "string" || Number.isFinite(value)).toBe(true);
      }),
    );
  });
});
