/** Columns for people. Pure. */
import stringWidth from "string-width";
import { oneLine } from "#core/notify/one-line.ts";

/** What strangers sent is cut there. */
const CELL_LENGTH_MAX = 1000;

/**
 * The last column is as long as it likes. A cell is one line, and nothing in it can steer the
 * terminal: names come from devices, and notes from anybody.
 */
export function textTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows].map((row) => row.map((cell) => oneLine(cell, CELL_LENGTH_MAX)));
  const widths = heads.map((_, i) => Math.max(...all.map((row) => stringWidth(row[i] ?? ""))));
  return all
    .map((row) => row.map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - stringWidth(cell))))
    .map((cells) => cells.join("  ").trimEnd())
    .join("\n");
}
