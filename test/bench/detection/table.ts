/** Rows as a plain table: words on the left, numbers on the right. */
function renderTable(rows: readonly object[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => Object.values(row).map(cellOf));
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...cells.map((line) => line[i]?.length ?? 0)),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
      .join("  ");
  return [line(columns), ...cells.map(line)].join("\n");
}

/** For a benchmark whose result is `{ rows }`. */
export function renderRows(result: unknown): string {
  const isTable = typeof result === "object" && result !== null && "rows" in result;
  if (!isTable || !Array.isArray(result.rows)) throw new TypeError("a result has rows");
  return renderTable(result.rows);
}

function cellOf(value: unknown): string {
  return typeof value === "number" && !Number.isInteger(value) ? value.toFixed(3) : String(value);
}
