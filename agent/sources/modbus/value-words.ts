/** The registers to write for a value: the way back of a tag's decoding, and held against it. Pure. */

import { type Address, addressOf } from "#config/gateway/modbus-address.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import type { Value } from "#core/reading.ts";
import { createPoint } from "./point.ts";
import { NotAValue, REGISTER_TYPES } from "./register-types.ts";
import { placeBigEndian } from "./word-order.ts";

export interface Writing {
  readonly address: Address;
  /** As a write request has them: for a coil one, 0 or 1. */
  readonly words: readonly number[];
  /** What the tag reads when the device holds them. */
  readonly value: Value;
}

/** Why nothing is to be written, as a sentence. */
export class NotWritable extends Error {}

/** A float32 keeps some seven digits; what is written with more of them is meant that way. */
const FLOAT_TOLERANCE = 1e-6;

/** @throws NotWritable */
export function writingOf(tag: TagSettings, text: string): Writing {
  const address = addressOf(tag);
  const point = createPoint("", tag);
  if (!address || !point) throw new NotWritable("it has no address");
  if (address.table === "coil") {
    const value = truthOf(text);
    return { address, words: [value ? 1 : 0], value };
  }
  const bytes = bytesOf(tag, rawOf(tag, text));
  const value = point.decode(bytes, 0);
  if (value instanceof NotAValue) {
    throw new NotWritable(`${text} is no value to this tag (${value.reason})`);
  }
  checkPrecision(tag, text, value);
  checkRange(tag, value);
  return { address, words: wordsIn(bytes), value };
}

const TRUTH: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  "1": true,
  false: false,
  off: false,
  "0": false,
};

function truthOf(text: string): boolean {
  const value = Object.hasOwn(TRUTH, text) ? TRUTH[text] : undefined;
  if (value === undefined) throw new NotWritable(`a coil is true or false, and not "${text}"`);
  return value;
}

function rawOf({ values, scale, offset }: TagSettings, text: string): number {
  if (values) {
    const named = Object.entries(values).find(([, name]) => name === text);
    if (named) return Number(named[0]);
    throw new NotWritable(`"${text}" is none of ${Object.values(values).join(", ")}`);
  }
  return (numberOf(text) - offset) / scale;
}

function numberOf(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new NotWritable(`"${text}" is not a number, such as 71.2`);
}

function bytesOf({ type, order }: TagSettings, raw: number): Uint8Array {
  if (type === "string") throw new NotWritable("a text cannot be written");
  const { registers } = REGISTER_TYPES[type];
  const bigEndian = new DataView(new ArrayBuffer(2 * registers));
  WRITERS[type](bigEndian, raw);
  const onTheWire = new Uint8Array(2 * registers);
  // Each order is its own way back.
  placeBigEndian(order, new Uint8Array(bigEndian.buffer), 0, 2 * registers, onTheWire);
  return onTheWire;
}

type Writer = (view: DataView, raw: number) => void;

const WRITERS: Readonly<Record<keyof typeof REGISTER_TYPES, Writer>> = {
  int16: (view, raw) => view.setInt16(0, whole(raw, -(2 ** 15), 2 ** 15 - 1)),
  uint16: (view, raw) => view.setUint16(0, whole(raw, 0, 2 ** 16 - 1)),
  int32: (view, raw) => view.setInt32(0, whole(raw, -(2 ** 31), 2 ** 31 - 1)),
  uint32: (view, raw) => view.setUint32(0, whole(raw, 0, 2 ** 32 - 1)),
  float32: (view, raw) => view.setFloat32(0, raw),
  int64: (view, raw) => view.setBigInt64(0, BigInt(whole(raw, Number.MIN_SAFE_INTEGER))),
  uint64: (view, raw) => view.setBigUint64(0, BigInt(whole(raw, 0))),
  float64: (view, raw) => view.setFloat64(0, raw),
  bcd16: (view, raw) => view.setUint16(0, asBcd(whole(raw, 0, 9999))),
  bcd32: (view, raw) => view.setUint32(0, asBcd(whole(raw, 0, 99_999_999))),
};

/** The nearest whole number: whether that is what was meant shows when it is decoded. */
function whole(raw: number, low: number, high = Number.MAX_SAFE_INTEGER): number {
  const nearest = Math.round(raw);
  if (nearest >= low && nearest <= high) return nearest;
  throw new NotWritable(`the register would have to hold ${nearest}, and takes ${low} to ${high}`);
}

function asBcd(raw: number): number {
  return Number.parseInt(String(raw), 16);
}

function checkPrecision({ values, type }: TagSettings, text: string, value: Value): void {
  if (values || typeof value !== "number") return;
  const wanted = Number(text);
  const tolerance = type.startsWith("float") ? FLOAT_TOLERANCE * Math.abs(wanted) : 0;
  if (Math.abs(value - wanted) <= tolerance) return;
  throw new NotWritable(`the register cannot hold ${text}: the nearest that it can is ${value}`);
}

function checkRange({ range }: TagSettings, value: Value): void {
  if (!range || typeof value !== "number") return;
  const [low, high] = range;
  if (value >= low && value <= high) return;
  throw new NotWritable(`${value} is outside of the tag's range, ${low} to ${high}`);
}

function wordsIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i));
}
