/** What a raw number stands for, by the tag's settings: a bit, a name, or a scaled value. Pure. */
import { createScaler } from "#agent/sources/scaling.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import type { Value } from "#core/reading.ts";
import { INVALID_CODE, NotAValue } from "./register-types.ts";

/** What of a tag's settings the decoding of a number takes. */
export type NumberSettings = Pick<
  TagSettings,
  "order" | "scale" | "offset" | "invalid" | "bit" | "values"
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
  const { bit, values, scale, offset } = settings;
  if (bit !== undefined) {
    return (raw) => Math.floor((raw < 0 ? raw + WORD ** registers : raw) / 2 ** bit) % 2 === 1;
  }
  if (values) {
    const names = new Map(Object.entries(values).map(([raw, text]) => [Number(raw), text]));
    return (raw) => names.get(raw) ?? new NotAValue(`unknown code ${raw}`);
  }
  return createScaler(scale, offset);
}
