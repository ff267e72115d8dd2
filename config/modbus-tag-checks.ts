/** A tag of a Modbus device has exactly one address, and one that Modbus knows. */
import { nearest } from "./nearest.ts";
import { numberOf, type RawMapping, textOf } from "./raw.ts";
import type { Path, Problem } from "./yaml-tree.ts";

const ADDRESSES = ["register", "coil", "discrete"] as const;
/** What only a register has: coils and discrete inputs are single bits. */
const REGISTER_ONLY = [
  "type",
  "order",
  "scale",
  "offset",
  "length",
  "bit",
  "invalid",
  "scaleRegister",
  "counter",
] as const;

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

export function checkModbusTag(path: Path, tag: RawMapping): Problem[] {
  const given = ADDRESSES.filter((key) => key in tag);
  const [first, second] = given;
  if (first === undefined) {
    // A misspelt key is reported as such; then it is not missing as well.
    if (Object.keys(tag).some((key) => nearest(key, ADDRESSES) !== undefined)) return [];
    const message = `the tag has no address: one of register, coil or discrete is missing`;
    const suggestion = `such as "${String(path.at(-1))}: { register: 40001 }"`;
    return [{ path, on: "key", message, suggestion }];
  }
  if (second !== undefined) {
    const message = `the tag has both "${first}" and "${second}"`;
    const suggestion = "keep one: a second address is a second tag";
    return [{ path: [...path, second], on: "key", message, suggestion }];
  }
  return first === "register" ? checkRegister(path, tag) : checkBit(path, tag, first);
}

function checkBit(path: Path, tag: RawMapping, address: string): Problem[] {
  const extra = REGISTER_ONLY.find((key) => key in tag);
  if (extra === undefined) return [];
  const message = `"${extra}" has no meaning for a ${address}, which is one bit`;
  const suggestion = `remove it, or give a "register" instead`;
  return [{ path: [...path, extra], on: "key", message, suggestion }];
}

/** Offsets within the table, from 1: five digits reach 9999 registers, six all 65536. */
const RANGES = [
  { from: 30_001, to: 39_999 },
  { from: 40_001, to: 49_999 },
  { from: 300_001, to: 365_536 },
  { from: 400_001, to: 465_536 },
];

function checkRegister(path: Path, tag: RawMapping): Problem[] {
  return [
    ...checkNotation([...path, "register"], tag, registersOf(tag)),
    ...checkNotation([...path, "scaleRegister"], tag, 1),
  ];
}

/** How many registers the tag's value takes. */
function registersOf(tag: RawMapping): number {
  const type = textOf(tag["type"]) ?? "";
  if (type === "string") return numberOf(tag["length"]) ?? STRING_LENGTH_DEFAULT;
  return REGISTERS[type] ?? 1;
}

function checkNotation(path: Path, tag: RawMapping, registers: number): Problem[] {
  const key = String(path.at(-1));
  const register = numberOf(tag[key]);
  if (register === undefined || !Number.isInteger(register)) return [];
  const range = RANGES.find(({ from, to }) => register >= from && register <= to);
  const on = "value";
  if (!range) {
    const message = `${key}: ${register} is neither a holding register (4xxxx) nor an input register (3xxxx)`;
    return [{ path, on, message, suggestion: adviceFor(register) }];
  }
  const last = range.to - registers + 1;
  // Beyond five digits a table goes on: only the six-digit notation knows its end.
  if (range.to < 100_000 || register <= last) return [];
  const message = `${key}: from ${register} on there are not the ${registers} registers that the type needs`;
  return [{ path, on, message, suggestion: `at most ${last}` }];
}

function adviceFor(register: number): string {
  if (register === 0) return "holding registers begin at 40001, input registers at 30001";
  if (register > 0 && register < 10_000) {
    const holding = 40_000 + register;
    return `if the manual counts holding registers from 1, write ${holding}; from 0, ${holding + 1}; coils have the key "coil"`;
  }
  if (register > 10_000 && register < 20_000) {
    return `1xxxx are discrete inputs: write "discrete: ${register - 10_000}"`;
  }
  return "write five or six digits: 40001 to 49999, or 400001 to 465536; 3… for input registers";
}
