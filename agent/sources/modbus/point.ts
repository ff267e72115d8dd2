/** A tag as the planner and the codec see it: where it lies, how wide it is, how it is decoded. */

import {
  type Address,
  addressOf,
  registerAddress,
  type Table,
} from "#config/gateway/modbus-address.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import type { Value } from "#core/reading.ts";
import { createMeaning, type NumberSettings } from "./raw-value.ts";
import { readText } from "./register-text.ts";
import { NotAValue, REGISTER_TYPES, type RegisterType } from "./register-types.ts";
import { placeBigEndian } from "./word-order.ts";

/** A stretch of one table: registers, or bits in the tables of bits. */
export interface Span {
  table: Table;
  start: number;
  size: number;
}

export interface Point extends Span {
  tag: string;
  /**
   * Decodes the point from the data bytes of an answer.
   * @param offset in registers, or in bits, from the answer's start
   */
  decode(data: Uint8Array, offset: number): Value | NotAValue;
}

/** The last address of each table, and one more. */
const ADDRESSES = 0x1_0000;

/** The point of a tag; undefined when the tag has no address, or reaches beyond the table. */
export function createPoint(tag: string, settings: TagSettings): Point | undefined {
  const address = addressOf(settings);
  if (!address) return undefined;
  const point = pointAt(tag, address, settings);
  return point.start + point.size <= ADDRESSES ? point : undefined;
}

function pointAt(tag: string, address: Address, settings: TagSettings): Point {
  if (isBits(address.table)) return { tag, ...address, size: 1, decode: decodeBit };
  if (settings.type === "string") return textPoint(tag, address, settings);
  return numberPoint(tag, address, settings, REGISTER_TYPES[settings.type]);
}

/** The point of the register that holds a tag's power of ten, as SunSpec calls it: `sunssf`. */
export function createFactorPoint(tag: string, settings: TagSettings): Point | undefined {
  const { scaleRegister } = settings;
  if (scaleRegister === undefined) return undefined;
  const address = registerAddress(scaleRegister);
  return address && numberPoint(tag, address, FACTOR_SETTINGS, REGISTER_TYPES.int16);
}

export function isBits(table: Table): boolean {
  return table === "coil" || table === "discrete";
}

/** The first bit is the least significant of the first byte (section 6.1). */
function decodeBit(data: Uint8Array, offset: number): boolean {
  return (((data[offset >> 3] ?? 0) >> (offset & 7)) & 1) === 1;
}

function textPoint(tag: string, address: Address, settings: TagSettings): Point {
  const { length, order } = settings;
  const decode: Point["decode"] = (data, offset) => readText(data, 2 * offset, length, order);
  return { tag, ...address, size: length, decode };
}

/** 0x8000 says that a SunSpec point is not implemented. */
const FACTOR_SETTINGS: NumberSettings = { order: "ABCD", scale: 1, offset: 0, invalid: [-32_768] };

/** The widest value is 64 bits. */
const SCRATCH_BYTES = 8;

function numberPoint(
  tag: string,
  address: Address,
  settings: NumberSettings,
  { registers, read }: RegisterType,
): Point {
  const { order } = settings;
  const meaning = createMeaning(settings, registers);
  const scratch = new Uint8Array(SCRATCH_BYTES);
  const view = new DataView(scratch.buffer);
  const decode: Point["decode"] = (data, offset) => {
    placeBigEndian(order, data, 2 * offset, 2 * registers, scratch);
    const raw = read(view);
    return raw instanceof NotAValue ? raw : meaning(raw);
  };
  return { tag, ...address, size: registers, decode };
}
