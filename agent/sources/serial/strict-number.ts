/**
 * A decimal number and nothing else: no hex, no `Infinity`, no comma, no second number. Scales pad
 * with blanks between sign and digits (`+  12.50`), so blanks are allowed there and around.
 */
const NUMBER = /^\s*([+-]?)\s*((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*$/;

/** Undefined for what is no number, or no finite one. */
export function parseStrictNumber(text: string): number | undefined {
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const value = Number(`${match[1] ?? ""}${match[2] ?? ""}`);
  return Number.isFinite(value) ? value : undefined;
}
