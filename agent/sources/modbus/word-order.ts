/**
 * Modbus fixes the order of bytes within a register, but vendors disagree about the order of
 * registers within a value, and some about the bytes as well. The names say where the bytes of
 * 0xABCD (A the most significant) stand on the wire; wider values follow the same pattern.
 */
import type { WordOrder } from "#config/gateway/tag.ts";

/** Places `width` bytes from `source`, at `at`, into `target` with the most significant first. */
export function placeBigEndian(
  order: WordOrder,
  source: Uint8Array,
  at: number,
  width: number,
  target: Uint8Array,
): void {
  const wordsReversed = order === "CDAB" || order === "DCBA";
  const bytesSwapped = order === "BADC" || order === "DCBA";
  const words = width / 2;
  for (let word = 0; word < words; word++) {
    const from = at + 2 * (wordsReversed ? words - 1 - word : word);
    target[2 * word] = source[bytesSwapped ? from + 1 : from] ?? 0;
    target[2 * word + 1] = source[bytesSwapped ? from : from + 1] ?? 0;
  }
}
