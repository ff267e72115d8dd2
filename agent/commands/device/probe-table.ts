/** The table of `probe`: one row a type and word order, one column an address. Pure. */
import { type Interpretation, SHIFTS, scaleTo } from "#agent/sources/modbus/interpretations.ts";
import { textTable } from "#config/command-line/text-table.ts";

export interface ProbeTable {
  /** What the technician asked for, as the manual counts. */
  readonly register: number;
  readonly found: readonly Interpretation[];
  /** What the device displays. */
  readonly expected?: number | undefined;
}

const PLAUSIBLE = "*";
const FITTING = "<==";

export function probeTable({ register, found, expected }: ProbeTable): string {
  const heads = ["type", "order", ...SHIFTS.map((shift) => `at ${register + shift}`)];
  const rows = Map.groupBy(found, ({ type, order }) => `${type} ${order}`);
  return textTable(
    heads,
    Array.from(rows, ([name, cells]) => [
      ...name.split(" "),
      ...cells.map((cell) => cellText(cell, expected)),
    ]),
  );
}

function cellText(cell: Interpretation, expected: number | undefined): string {
  const { value, isPlausible } = cell;
  if (value === undefined) return "-";
  const text = numberText(value);
  if (expected === undefined) return isPlausible ? `${text} ${PLAUSIBLE}` : text;
  const scale = scaleTo(expected, cell);
  if (scale === undefined) return text;
  return scale === 1 ? `${text} ${FITTING}` : `${text} x ${scale} ${FITTING}`;
}

/** Long numbers are absurd ones here: their size is what counts. */
function numberText(value: number): string {
  const text = String(value);
  return text.length <= 12 ? text : value.toExponential(3);
}

/** Fewest registers first, and the order that the standard knows: the simplest that fits. */
export function bestOf({ found, expected }: ProbeTable): (Interpretation & { scale: number })[] {
  const fitting = found.flatMap((cell) => {
    const scale = expected === undefined ? 1 : scaleTo(expected, cell);
    const fits = expected === undefined ? cell.isPlausible : scale !== undefined;
    return fits && scale !== undefined ? [{ ...cell, scale }] : [];
  });
  return fitting.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function rankOf({ shift, scale, type, order, value }: Interpretation & { scale: number }): number {
  const digits = String(value).replaceAll(/\D/g, "").length;
  const isFloat = type.startsWith("float");
  return (
    Math.abs(shift) * 8 +
    (scale === 1 ? 0 : 4) +
    (isFloat ? 0 : 2) +
    (order === "ABCD" ? 0 : 1) +
    (isFloat ? digits / 100 : 0)
  );
}

/** What to write for it in the gateway's file. */
export function yamlOf(
  register: number,
  { type, order, shift, scale }: Interpretation & { scale: number },
): string {
  const parts = [
    `register: ${register + shift}`,
    ...(type === "uint16" ? [] : [`type: ${type}`]),
    ...(order === "ABCD" ? [] : [`order: ${order}`]),
    ...(scale === 1 ? [] : [`scale: ${scale}`]),
  ];
  return `{ ${parts.join(", ")} }`;
}
