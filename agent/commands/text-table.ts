/** Columns for people. Pure. */
import { stripVTControlCharacters } from "node:util";

/** The last column is as long as it likes. Colours do not count as width. */
export function textTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows];
  const widths = heads.map((_, i) => Math.max(...all.map((row) => widthOf(row[i] ?? ""))));
  return all
    .map((row) => row.map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - widthOf(cell))))
    .map((cells) => cells.join("  ").trimEnd())
    .join("\n");
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
