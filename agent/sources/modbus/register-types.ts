/** Numbers in registers: how wide each type is, and how it is read. Pure. */
import type { TagSettings } from "#config/gateway.ts";
import { shortestFloat32 } from "#core/float32.ts";
import type { QualityReason } from "#core/reading.ts";

/** A register's content that is no value, and why. */
export class NotAValue {
  readonly reason: QualityReason;

  constructor(reason: QualityReason) {
    this.reason = reason;
  }
}

export const NOT_A_NUMBER = new NotAValue("not a number");
export const INFINITE = new NotAValue("infinite");

type RegisterTypeName = TagSettings["type"];

export interface RegisterType {
  /** Registers of 16 bits. */
  registers: number;
  /** Reads the value from its bytes, the most significant first. */
  read: (view: DataView) => number | NotAValue;
}

export const REGISTER_TYPES: Readonly<Record<RegisterTypeName, RegisterType>> = {
  int16: { registers: 1, read: (view) => view.getInt16(0) },
  uint16: { registers: 1, read: (view) => view.getUint16(0) },
  int32: { registers: 2, read: (view) => view.getInt32(0) },
  uint32: { registers: 2, read: (view) => view.getUint32(0) },
  float32: { registers: 2, read: (view) => finite(shortestFloat32(view.getFloat32(0))) },
};

function finite(value: number): number | NotAValue {
  if (Number.isNaN(value)) return NOT_A_NUMBER;
  return Number.isFinite(value) ? value : INFINITE;
}
