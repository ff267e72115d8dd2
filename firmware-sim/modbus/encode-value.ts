/** How a value of a tag stands in registers: the reverse of what a gateway reads. Pure. */
import type { TagSettings, WordOrder } from "#config/gateway/tag.ts";

type NumberType = Exclude<TagSettings["type"], "string">;

const BYTES_MAX = 8;
const scratch = new DataView(new ArrayBuffer(BYTES_MAX));

/** Registers that a type takes. */
export const REGISTERS: Readonly<Record<NumberType, number>> = {
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  float32: 2,
  int64: 4,
  uint64: 4,
  float64: 4,
  bcd16: 1,
  bcd32: 2,
};

/** The greatest raw value of an integer type; what does not fit stays at its end. */
export const RAW_MAX: Readonly<Record<NumberType, number>> = {
  int16: 0x7fff,
  uint16: 0xffff,
  int32: 0x7fff_ffff,
  uint32: 0xffff_ffff,
  float32: Number.POSITIVE_INFINITY,
  int64: Number.MAX_SAFE_INTEGER,
  uint64: Number.MAX_SAFE_INTEGER,
  float64: Number.POSITIVE_INFINITY,
  bcd16: 9999,
  bcd32: 99_999_999,
};

const SIGNED: ReadonlySet<NumberType> = new Set(["int16", "int32", "int64", "float32", "float64"]);

/** The words of a raw number, in the order in which they are sent. */
export function encodeNumber(type: NumberType, order: WordOrder, raw: number): number[] {
  write(type, within(type, raw));
  const words = Array.from({ length: REGISTERS[type] }, (_, i) => scratch.getUint16(2 * i));
  const isReversed = order === "CDAB" || order === "DCBA";
  const isSwapped = order === "BADC" || order === "DCBA";
  const ordered = isReversed ? words.toReversed() : words;
  return isSwapped ? ordered.map((word) => ((word & 0xff) << 8) | (word >> 8)) : ordered;
}

/** Two characters a register, padded with NULs. */
export function encodeText(text: string, registers: number): number[] {
  const bytes = Buffer.alloc(2 * registers);
  bytes.write(text, "latin1");
  return Array.from({ length: registers }, (_, i) => bytes.readUInt16BE(2 * i));
}

function within(type: NumberType, raw: number): number {
  if (RAW_MAX[type] === Number.POSITIVE_INFINITY) return raw;
  const min = SIGNED.has(type) ? -RAW_MAX[type] : 0;
  return Math.max(min, Math.min(RAW_MAX[type], Math.round(raw)));
}

function write(type: NumberType, raw: number): void {
  switch (type) {
    case "float32":
      return scratch.setFloat32(0, raw);
    case "float64":
      return scratch.setFloat64(0, raw);
    case "int64":
    case "uint64":
      return scratch.setBigInt64(0, BigInt(raw));
    case "int32":
    case "uint32":
      return scratch.setInt32(0, raw);
    case "int16":
    case "uint16":
      return scratch.setInt16(0, raw);
    case "bcd16":
      return scratch.setUint16(0, Number.parseInt(String(raw), 16));
    case "bcd32":
      return scratch.setUint32(0, Number.parseInt(String(raw), 16));
  }
}
