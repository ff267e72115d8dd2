/** A tag of a Modbus device has exactly one address, and one that Modbus knows. */

import { nearest } from "../faults/nearest.ts";
import {
  ADDRESS_KEYS,
  type AddressBase,
  REGISTER_ONLY,
  REGISTER_RANGES,
} from "../gateway/modbus-address.ts";
import { numberOf, type RawMapping, textOf } from "../yaml/raw.ts";
import type { Path, Problem } from "../yaml/yaml-tree.ts";

/** Types that take more than one register. */
const REGISTERS: Readonly<Record<string, number>> = {
  int32: 2,
  uint32: 2,
  float32: 2,
  bcd32: 2,
  int64: 4,
  uint64: 4,
  float64: 4,
};
const STRING_LENGTH_DEFAULT = 8;

/** @param base what the device's manual calls the first address of a table */
export function checkModbusTag(path: Path, tag: RawMapping, base: AddressBase = 1): Problem[] {
  const given = ADDRESS_KEYS.filter((key) => key in tag);
  const [first, second] = given;
  if (first === undefined) {
    // A misspelt key is reported as such; then it is not missing as well.
    if (Object.keys(tag).some((key) => nearest(key, ADDRESS_KEYS) !== undefined)) return [];
    const message = `the tag has no address: one of register, coil or discrete is missing`;
    const suggestion = `such as "${String(path.at(-1))}: { register: 40001 }"`;
    return [{ path, on: "key", message, suggestion }];
  }
  if (second !== undefined) {
    const message = `the tag has both "${first}" and "${second}"`;
    const suggestion = "keep one: a second address is a second tag";
    return [{ path: [...path, second], on: "key", message, suggestion }];
  }
  const found =
    first === "register" ? checkRegister(path, tag, base) : checkBit(path, tag, first, base);
  if (tag["writable"] === true) found.push(...checkWritable(path, tag, base));
  return found;
}

/** The tables of bits have 65536 of them. */
const BITS = 65_536;

function checkBit(path: Path, tag: RawMapping, address: string, base: AddressBase): Problem[] {
  const number = numberOf(tag[address]);
  if (number !== undefined && (number < base || number >= base + BITS)) {
    const message = `${address}: ${number} is not between ${base} and ${base + BITS - 1}`;
    const suggestion =
      number === 0
        ? "if the manual counts from 0, say so of the device: addressBase: 0"
        : undefined;
    return [{ path: [...path, address], on: "value", message, suggestion }];
  }
  const extra = REGISTER_ONLY.find((key) => key in tag);
  if (extra === undefined) return [];
  const message = `"${extra}" has no meaning for a ${address}, which is one bit`;
  const suggestion = `remove it, or give a "register" instead`;
  return [{ path: [...path, extra], on: "key", message, suggestion }];
}

function checkRegister(path: Path, tag: RawMapping, base: AddressBase): Problem[] {
  const found = checkNotation(path, "register", tag, registersOf(tag), base);
  if ("bit" in tag || "bits" in tag) found.unshift(...checkField(path, tag));
  if ("scaleRegister" in tag) found.push(...checkNotation(path, "scaleRegister", tag, 1, base));
  return found;
}

/** Bits are of a whole number, and within its registers. */
function checkField(path: Path, tag: RawMapping): Problem[] {
  const { bit, bits } = tag;
  const field: unknown[] = Array.isArray(bits) ? bits : [bit, bit];
  const [low, high] = field.map(numberOf);
  if (low === undefined || high === undefined) return [];
  const key = bits === undefined ? "bit" : "bits";
  const at = [...path, key];
  const type = textOf(tag["type"]) ?? "uint16";
  if (!/int/.test(type)) {
    const message = `"${key}" has no meaning for the type ${type}`;
    return [{ path: at, on: "key", message, suggestion: "bits are of uint16, or a wider integer" }];
  }
  if (bit !== undefined && bits !== undefined) {
    const message = 'the tag has both "bit" and "bits"';
    return [
      { path: at, on: "key", message, suggestion: "keep one: a second field is a second tag" },
    ];
  }
  if (low > high) {
    const message = `bits: ${low} is above ${high}`;
    return [{ path: at, on: "value", message, suggestion: "write the lowest bit first" }];
  }
  const last = 16 * registersOf(tag) - 1;
  if (high <= last) return [];
  const message = `${key}: ${type} has the bits 0 to ${last}`;
  return [{ path: at, on: "value", message, suggestion: "a wider type has more, such as uint32" }];
}

/** What Modbus cannot write, and what would change more than the tag. */
function checkWritable(path: Path, tag: RawMapping, base: AddressBase): Problem[] {
  const what = unwritable(tag, base);
  if (what === undefined) return [];
  const message = `writable: ${what} cannot be written`;
  const suggestion =
    "remove it: only coils and holding registers (4xxxx) that hold a number can be";
  return [{ path: [...path, "writable"], on: "key", message, suggestion }];
}

function unwritable(tag: RawMapping, base: AddressBase): string | undefined {
  const register = numberOf(tag["register"]);
  if ("discrete" in tag) return "a discrete input";
  if (register !== undefined && rangeOf(register, base)?.table === "input") {
    return "an input register";
  }
  if (tag["type"] === "string") return "a text";
  if ("bit" in tag || "bits" in tag) return "a part of a register";
  return "scaleRegister" in tag ? "what another register scales" : undefined;
}

/** How many registers the tag's value takes. */
function registersOf(tag: RawMapping): number {
  const type = textOf(tag["type"]) ?? "";
  if (type === "string") return numberOf(tag["length"]) ?? STRING_LENGTH_DEFAULT;
  return REGISTERS[type] ?? 1;
}

function rangeOf(
  register: number,
  base: AddressBase,
): (typeof REGISTER_RANGES)[number] | undefined {
  const fromOne = register + 1 - base;
  return REGISTER_RANGES.find(({ first, last }) => fromOne >= first && fromOne <= last);
}

function checkNotation(
  path: Path,
  key: string,
  tag: RawMapping,
  registers: number,
  base: AddressBase,
): Problem[] {
  const register = numberOf(tag[key]);
  if (register === undefined || !Number.isInteger(register)) return [];
  const range = rangeOf(register, base);
  const on = "value";
  if (!range) {
    const message = `${key}: ${register} is neither a holding register (4xxxx) nor an input register (3xxxx)`;
    return [{ path: [...path, key], on, message, suggestion: adviceFor(register, base) }];
  }
  const last = range.last - registers + base;
  // Beyond five digits a table goes on: only the six-digit notation knows its end.
  if (range.last < 100_000 || register <= last) return [];
  const message = `${key}: from ${register} on there are not the ${registers} registers that the type needs`;
  return [{ path: [...path, key], on, message, suggestion: `at most ${last}` }];
}

function adviceFor(register: number, base: AddressBase): string {
  if (base === 0)
    return "with addressBase: 0 holding registers begin at 40000, input registers at 30000";
  if (register === 0) return "holding registers begin at 40001, input registers at 30001";
  if (register % 10_000 === 0 && register <= 40_000 && register >= 30_000) {
    return `if the manual counts from 0, say so of the device: addressBase: 0`;
  }
  if (register > 0 && register < 10_000) {
    const holding = 40_000 + register;
    return `if the manual counts holding registers from 1, write ${holding}; from 0, ${holding + 1}; coils have the key "coil"`;
  }
  if (register > 10_000 && register < 20_000) {
    return `1xxxx are discrete inputs: write "discrete: ${register - 10_000}"`;
  }
  return "write five or six digits: 40001 to 49999, or 400001 to 465536; 3… for input registers";
}
