/** A tag as the planner and the codec see it: where it lies, how wide it is, how it is decoded. */

import { createScaler } from "#agent/sources/scaling.ts";
import type { TagSettings } from "#config/gateway.ts";
import type { Value } from "#core/reading.ts";
import { type Address, addressOf, type Table } from "./address.ts";
import { NotAValue, REGISTER_TYPES } from "./register-types.ts";
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

/** The point of a tag; undefined when the tag has no address. */
export function createPoint(tag: string, settings: TagSettings): Point | undefined {
  const address = addressOf(settings);
  if (!address) return undefined;
  return isBits(address.table) ? bitPoint(tag, address) : registerPoint(tag, address, settings);
}

export function isBits(table: Table): boolean {
  return table === "coil" || table === "discrete";
}

function bitPoint(tag: string, address: Address): Point {
  return { tag, ...address, size: 1, decode: decodeBit };
}

/** The first bit is the least significant of the first byte (section 6.1). */
function decodeBit(data: Uint8Array, offset: number): boolean {
  return (((data[offset >> 3] ?? 0) >> (offset & 7)) & 1) === 1;
}

/** The widest value is 64 bits. */
const SCRATCH_BYTES = 8;

function registerPoint(tag: string, address: Address, settings: TagSettings): Point {
  const { type, order } = settings;
  const { registers, read } = REGISTER_TYPES[type];
  const scaled = createScaler(settings.scale, settings.offset);
  const scratch = new Uint8Array(SCRATCH_BYTES);
  const view = new DataView(scratch.buffer);
  const decode: Point["decode"] = (data, offset) => {
    placeBigEndian(order, data, 2 * offset, 2 * registers, scratch);
    const raw = read(view);
    return raw instanceof NotAValue ? raw : scaled(raw);
  };
  return { tag, ...address, size: registers, decode };
}
