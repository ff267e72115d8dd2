import { describe, expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { encodeRegisters, type MappedTag, mapRegisters } from "#sim/modbus/register-map.ts";
import { createModel } from "#sim/signals/create-model.ts";
import { deviceKinds } from "#sim/signals/device-model.ts";
import { fc } from "#test/support/properties.ts";

const { tags } = createModel("meter", createRandom(1));

/** Reads a register map as a master would, from its documentation. */
function decode(map: readonly MappedTag[], registers: Uint16Array): number[] {
  return map.map(({ address, type, order, scale }) => {
    const words = Buffer.alloc(4);
    const [first, second] = order === "ABCD" ? [0, 1] : [1, 0];
    words.writeUInt16BE(registers[address + first] ?? 0, 0);
    words.writeUInt16BE(registers[address + second] ?? 0, 2);
    if (type === "float32") return words.readFloatBE();
    if (type === "uint32") return words.readUInt32BE() * scale;
    return words.readInt16BE() * scale;
  });
}

describe("the register map", () => {
  test.each(deviceKinds)("of a %s has holding registers 40001 to 40016 without gaps", (kind) => {
    const map = mapRegisters("holding", createModel(kind, createRandom(1)).tags);
    expect(map.map(({ address }) => address)).toEqual([0, 2, 4, 6, 8, 10, 11, 12, 13, 14]);
    expect(map.map(({ type }) => type)).toEqual([
      ...Array(5).fill("float32"),
      ...Array(4).fill("int16"),
      "uint32",
    ]);
  });

  test("gives values back within what a register resolves", () => {
    const holding = mapRegisters("holding", tags);
    const input = mapRegisters("input", tags);
    const sample = fc.tuple(
      ...tags.map(({ low, high }) => fc.double({ min: low, max: high, noNaN: true })),
    );
    fc.assert(
      fc.property(sample, (values) => {
        for (const map of [holding, input]) {
          const registers = new Uint16Array(20);
          encodeRegisters(map, Float64Array.from(values), registers);
          for (const [index, decoded] of decode(map, registers).entries()) {
            const { scale, type } = map[index]!;
            const relative = type === "float32" ? Math.abs(values[index]!) * 2 ** -23 : 0;
            const resolution = type === "float32" ? relative : scale / 2;
            expect(Math.abs(decoded - values[index]!)).toBeLessThanOrEqual(resolution + 1e-9);
          }
        }
      }),
    );
  });

  test("shows a missing value as NaN in a float32 and as 0x8000 in an int16", () => {
    const map = mapRegisters("holding", tags);
    const registers = new Uint16Array(16);
    encodeRegisters(map, new Float64Array(10).fill(Number.NaN), registers);
    expect(decode(map, registers)[0]).toBeNaN();
    expect(registers[10]).toBe(0x8000);
  });

  test("holds an int16 at its end when the value does not fit", () => {
    const map = mapRegisters("holding", tags);
    const registers = new Uint16Array(16);
    encodeRegisters(map, new Float64Array(10).fill(1e9), registers);
    expect(registers[10]).toBe(0x7fff);
    encodeRegisters(map, new Float64Array(10).fill(-1e9), registers);
    expect(registers[10]).toBe(0x8001);
  });
});
