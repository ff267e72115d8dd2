/** What a raw number stands for: a bit, a field of bits, a name, or a scaled value. Pure. */
import { createScaler } from "#agent/sources/scaling.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import type { Value } from "#core/reading.ts";
import { INVALID_CODE, NotAValue } from "./register-types.ts";

/** What of a tag's settings the decoding of a number takes. */
export type NumberSettings = Pick<
  TagSettings,
  "order" | "scale" | "offset" | "invalid" | "bit" | "bits" | "values"
>;

export type Meaning = (raw: number) => Value | NotAValue;

/** A register seen as unsigned, whatever its type: bits have no sign. */
const WORD = 0x1_0000;

/** @param registers of the type, by which a negative value becomes its bits */
export function createMeaning(settings: NumberSettings, registers: number): Meaning {
  const meaning = meaningOf(settings, registers);
  const invalid = new Set(settings.invalid);
  if (invalid.size === 0) return meaning;
  // Manuals give such a code in hexadecimal, 0x8000, also where the register is signed.
  const isInvalid = (raw: number): boolean =>
    invalid.has(raw) || (raw < 0 && invalid.has(raw + WORD ** registers));
  return (raw) => (isInvalid(raw) ? INVALID_CODE : meaning(raw));
}

function meaningOf(settings: NumberSettings, registers: number): Meaning {
  const { bit, bits } = settings;
  const unsigned = (raw: number): number => (raw < 0 ? raw + WORD ** registers : raw);
  if (bit !== undefined) return (raw) => fieldOf(unsigned(raw), bit, bit) === 1;
  const meaning = codeOrNumber(settings);
  if (!bits) return meaning;
  const [low, high] = bits;
  return (raw) => meaning(fieldOf(unsigned(raw), low, high));
}

/** Beyond 31 bits, where shifting would not do. */
function fieldOf(raw: number, low: number, high: number): number {
  return Math.floor(raw / 2 ** low) % 2 ** (high - low + 1);
}

function codeOrNumber({ values, scale, offset }: NumberSettings): Meaning {
  if (!values) return createScaler(scale, offset);
  const names = new Map(Object.entries(values).map(([raw, text]) => [Number(raw), text]));
  return (raw) => names.get(raw) ?? new NotAValue(`unknown code ${raw}`);
}
