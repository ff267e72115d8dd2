/** One value written as text, in a CSV cell or alone. */
import { wideInteger } from "./whole-number.ts";

export interface CellForm {
  decimal: "." | ",";
}

const WITH_POINT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const WITH_COMMA = /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?$/;
const NO_NUMBER = /^[+-]?(?:nan|inf|infinity)$/i;

/**
 * A decimal number, or what else it says. Nothing is guessed: with a point as decimal sign, "12,5"
 * is a text. Empty is null; NaN is no finite number, which its reading will say. A whole number that
 * a double cannot hold keeps its digits.
 */
export function readCell(text: string, { decimal }: CellForm): number | bigint | string | null {
  const cell = text.trim();
  if (cell === "") return null;
  const isNumber = (decimal === "." ? WITH_POINT : WITH_COMMA).test(cell);
  if (!isNumber) return NO_NUMBER.test(cell) ? Number.NaN : cell;
  const value = Number(cell.replace(",", "."));
  return wideInteger(cell, value) ?? value;
}
