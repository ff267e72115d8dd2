/** Numbers in registers: how wide each type is, and how it is read. Pure. */
import type { TagSettings } from "#config/gateway/tag.ts";
import { shortestFloat32 } from "#core/float32.ts";
import type { QualityReason } from "#core/reading.ts";

/** A register's content that is no value, and why. */
export class NotAValue {
  readonly reason: QualityReason;

  constructor(reason: QualityReason) {
    this.reason = reason;
  }
}

const NOT_A_NUMBER = new NotAValue("not a number");
const INFINITE = new NotAValue("infinite");

export const INVALID_CODE = new NotAValue("invalid code");
/** A double cannot hold it: rounding a counter without a word would be worse. */
const TOO_LARGE = new NotAValue("beyond 2^53");
const NOT_BCD = new NotAValue("not BCD");

type NumberTypeName = Exclude<TagSettings["type"], "string">;

export interface RegisterType {
  /** Registers of 16 bits. */
  registers: number;
  /** Reads the value from its bytes, the most significant first. */
  read: (view: DataView) => number | NotAValue;
}

export const REGISTER_TYPES: Readonly<Record<NumberTypeName, RegisterType>> = {
  int16: { registers: 1, read: (view) => view.getInt16(0) },
  uint16: { registers: 1, read: (view) => view.getUint16(0) },
  int32: { registers: 2, read: (view) => view.getInt32(0) },
  uint32: { registers: 2, read: (view) => view.getUint32(0) },
  float32: { registers: 2, read: (view) => finite(shortestFloat32(view.getFloat32(0))) },
  int64: { registers: 4, read: (view) => safe(view.getBigInt64(0)) },
  uint64: { registers: 4, read: (view) => safe(view.getBigUint64(0)) },
  float64: { registers: 4, read: (view) => finite(view.getFloat64(0)) },
  bcd16: { registers: 1, read: (view) => fromBcd(view.getUint16(0)) },
  bcd32: { registers: 2, read: (view) => fromBcd(view.getUint32(0)) },
};

function finite(value: number): number | NotAValue {
  if (Number.isNaN(value)) return NOT_A_NUMBER;
  return Number.isFinite(value) ? value : INFINITE;
}

function safe(value: bigint): number | NotAValue {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : TOO_LARGE;
}

/** Four bits a decimal digit: in hexadecimal the number can be read as it is. */
function fromBcd(packed: number): number | NotAValue {
  const digits = packed.toString(16);
  return /^\d+$/.test(digits) ? Number(digits) : NOT_BCD;
}
