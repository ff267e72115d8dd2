/**
 * Where a simulated unit keeps its values. Pure.
 *
 * Holding registers (40001…), one block without gaps, as a device's own map:
 * the first five gauges as float32 (words ABCD), the other gauges as int16 with a decimal scale,
 * then the counters as uint32 in hundredths.
 *
 * Input registers (30001…): every tag as float32 with swapped words (CDAB), in the tags' order.
 *
 * A value that is missing reads as NaN (float32) or as 0x8000 (int16), which SunSpec defines as
 * "not implemented". An int16 that does not fit stays at its end.
 */
import type { TagSpec } from "../signals/device-model.ts";

export type Table = "holding" | "input";
export type RegisterType = "float32" | "int16" | "uint32";

export interface MappedTag {
  readonly tag: TagSpec;
  /** Place of the value in a sample. */
  readonly index: number;
  /** Counted from 0, as it travels in the request. */
  readonly address: number;
  readonly type: RegisterType;
  readonly order: "ABCD" | "CDAB";
  /** What one unit of the register means. */
  readonly scale: number;
}

const FLOAT_GAUGES = 5;
const INT16_MISSING = -0x8000;
const INT16_MAX = 0x7fff;
const UINT32_MAX = 0xffff_ffff;
const COUNTER_SCALE = 0.01;

export const registerCount: Readonly<Record<RegisterType, number>> = {
  float32: 2,
  int16: 1,
  uint32: 2,
};

/** The layout of a table for a model's tags. */
export function mapRegisters(table: Table, tags: readonly TagSpec[]): MappedTag[] {
  let address = 0;
  let gauges = 0;
  return tags.map((tag, index) => {
    const type = table === "input" ? "float32" : holdingType(tag, gauges);
    if (tag.kind === "gauge") gauges += 1;
    const mapped: MappedTag = {
      tag,
      index,
      address,
      type,
      order: table === "input" ? "CDAB" : "ABCD",
      scale: scaleOf(type, tag),
    };
    address += registerCount[type];
    return mapped;
  });
}

function holdingType(tag: TagSpec, gaugesBefore: number): RegisterType {
  if (tag.kind === "counter") return "uint32";
  return gaugesBefore < FLOAT_GAUGES ? "float32" : "int16";
}

/** As many decimals as the sensor resolves and as fit the register with half its range to spare. */
function scaleOf(type: RegisterType, tag: TagSpec): number {
  if (type === "float32") return 1;
  if (type === "uint32") return COUNTER_SCALE;
  const room = Math.floor(Math.log10(INT16_MAX / (1.5 * tag.high)));
  return 10 ** -Math.min(tag.digits, room);
}

const scratch = new DataView(new ArrayBuffer(4));

/** Writes a sample into the registers of a table; NaN stands for a missing value. */
export function encodeRegisters(
  map: readonly MappedTag[],
  values: Float64Array,
  registers: Uint16Array,
): void {
  for (const mapped of map) {
    const value = values[mapped.index] ?? Number.NaN;
    writeScratch(mapped, value);
    const words = registerCount[mapped.type];
    for (let word = 0; word < words; word++) {
      const from = mapped.order === "CDAB" ? words - 1 - word : word;
      registers[mapped.address + word] = scratch.getUint16(from * 2);
    }
  }
}

function writeScratch(mapped: MappedTag, value: number): void {
  const scaled = Math.round(value / mapped.scale);
  switch (mapped.type) {
    case "float32":
      scratch.setFloat32(0, value);
      break;
    case "int16":
      scratch.setInt16(
        0,
        Number.isNaN(scaled) ? INT16_MISSING : Math.max(-INT16_MAX, Math.min(INT16_MAX, scaled)),
      );
      break;
    case "uint32":
      scratch.setUint32(0, Math.max(0, Math.min(UINT32_MAX, scaled)));
      break;
  }
}
