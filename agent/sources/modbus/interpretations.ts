/**
 * What the same registers would be by every type, every word order, and at the addresses beside:
 * the three things that manuals leave open. Pure; the values are the codec's own.
 */
import type { TagSettings, WordOrder } from "#config/gateway/tag.ts";
import { NotAValue, REGISTER_TYPES } from "./register-types.ts";
import { placeBigEndian } from "./word-order.ts";

type NumberType = keyof typeof REGISTER_TYPES;

export interface Interpretation {
  readonly type: Exclude<TagSettings["type"], "string">;
  readonly order: WordOrder;
  /** From the register that was asked for: −1, 0 or 1. */
  readonly shift: number;
  /** Undefined where these bytes are no value of the type, or could not be read. */
  readonly value: number | undefined;
  readonly isPlausible: boolean;
}

export const SHIFTS = [-1, 0, 1] as const;

/** The widest type takes four registers. */
export const REGISTERS_WIDEST = 4;

const TYPES: readonly NumberType[] = [
  "int16",
  "uint16",
  "bcd16",
  "int32",
  "uint32",
  "float32",
  "bcd32",
  "int64",
  "uint64",
  "float64",
];

/**
 * @param words by their place from the register that was asked for, from −1 on; what the device
 * refused is left out
 */
export function interpret(words: ReadonlyMap<number, number>): Interpretation[] {
  return TYPES.flatMap((type) =>
    ordersOf(REGISTER_TYPES[type].registers).flatMap((order) =>
      SHIFTS.map((shift) => {
        const value = valueAt(words, type, order, shift);
        return { type, order, shift, value, isPlausible: isPlausible(type, value) };
      }),
    ),
  );
}

/** One register has no order of registers. */
function ordersOf(registers: number): readonly WordOrder[] {
  return registers === 1 ? ["ABCD", "BADC"] : ["ABCD", "CDAB", "BADC", "DCBA"];
}

function valueAt(
  words: ReadonlyMap<number, number>,
  type: NumberType,
  order: WordOrder,
  shift: number,
): number | undefined {
  const { registers, read } = REGISTER_TYPES[type];
  const wire = new DataView(new ArrayBuffer(2 * registers));
  for (let i = 0; i < registers; i++) {
    const word = words.get(shift + i);
    if (word === undefined) return undefined;
    wire.setUint16(2 * i, word);
  }
  const placed = new Uint8Array(2 * registers);
  placeBigEndian(order, new Uint8Array(wire.buffer), 0, placed.length, placed);
  const value = read(new DataView(placed.buffer));
  return value instanceof NotAValue ? undefined : value;
}

/** Wrong bytes in the exponent make a float tiny or huge. */
const FLOAT_MIN = 1e-3;
const FLOAT_MAX = 1e7;
/** Counters of energy reach hundreds of millions; swapped words make billions. */
const WIDE_MAX = 1e8;
const NARROW_MAX = 10_000;
/** A small number whose registers were swapped. */
const SWAPPED = 0x1_0000;

/** A hint, not a verdict: what measured values and counters mostly look like. Zero tells nothing. */
function isPlausible(type: NumberType, value: number | undefined): boolean {
  if (value === undefined || value === 0) return false;
  const size = Math.abs(value);
  if (type.startsWith("float")) return size >= FLOAT_MIN && size < FLOAT_MAX;
  if (REGISTER_TYPES[type].registers === 1) return size < NARROW_MAX;
  return size < WIDE_MAX && size % SWAPPED !== 0;
}

/** How far a scaled value may be from what the device displays: it moves while one reads it. */
const TOLERANCE = 0.02;
/** Whole numbers are scaled by any power of ten, floats from a unit to its thousands. */
const SCALES = [1, 0.1, 0.01, 0.001, 10, 100] as const;
const FLOAT_SCALES = [1, 0.001, 1000] as const;

/** The scale by which the value is what the device displays; undefined where none is. */
export function scaleTo(
  expected: number,
  { type, value }: Pick<Interpretation, "type" | "value">,
): number | undefined {
  if (value === undefined || value === 0 || expected === 0) return undefined;
  const scales = type.startsWith("float") ? FLOAT_SCALES : SCALES;
  return scales.find(
    (scale) => Math.abs(value * scale - expected) <= Math.abs(expected) * TOLERANCE,
  );
}
