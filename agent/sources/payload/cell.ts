/** One value written as text, in a CSV cell or alone. */

export interface CellForm {
  decimal: "." | ",";
}

const WITH_POINT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const WITH_COMMA = /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d{1,3})?$/;
const NO_NUMBER = /^[+-]?(?:nan|inf|infinity)$/i;

/**
 * A decimal number, or what else it says. Nothing is guessed: with a point as decimal sign, "12,5"
 * is a text. Empty is null; NaN is no finite number, which its reading will say.
 */
export function readCell(text: string, { decimal }: CellForm): number | string | null {
  const cell = text.trim();
  if (cell === "") return null;
  if (decimal === ".") {
    if (WITH_POINT.test(cell)) return Number(cell);
  } else if (WITH_COMMA.test(cell)) {
    return Number(cell.replace(",", "."));
  }
  return NO_NUMBER.test(cell) ? Number.NaN : cell;
}
