/** Text in registers: two characters each, padded with NULs or blanks. Pure. */
import type { WordOrder } from "#config/gateway/tag.ts";

/**
 * The text up to the first NUL, without blanks at its end. Only the order of the bytes matters:
 * nobody stores the registers of a text backwards.
 */
export function readText(
  data: Uint8Array,
  at: number,
  registers: number,
  order: WordOrder,
): string {
  const bytesSwapped = order === "BADC" || order === "DCBA";
  const whole = 2 * Math.min(registers, Math.floor((data.length - at) / 2));
  const bytes = Buffer.from(data.subarray(at, at + Math.max(0, whole)));
  if (bytesSwapped) bytes.swap16();
  const end = bytes.indexOf(0);
  return bytes
    .subarray(0, end < 0 ? bytes.length : end)
    .toString("latin1")
    .trimEnd();
}
