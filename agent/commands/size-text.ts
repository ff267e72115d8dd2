/** Amounts of bytes for people. Pure. */
const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];

export function sizeText(bytes: number): string {
  if (!(bytes >= 1)) return "0 B";
  const power = Math.min(SIZES.length - 1, Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 ? Math.round(amount) : amount.toFixed(1)} ${SIZES[power]}`;
}
