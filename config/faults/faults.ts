/**
 * What is wrong with a configuration file, said to the technician who wrote it: where, what, and
 * what to write instead. One message a fault, in the order of the lines.
 */
import { PenstockError } from "#core/errors.ts";

export interface Fault {
  readonly file: string;
  /** From 1; 0 where the fault concerns the whole file. */
  readonly line: number;
  /** From 1, in UTF-16 units as editors count them; 0 where the fault concerns the whole file. */
  readonly column: number;
  readonly message: string;
  /** What to write, or to do, instead. */
  readonly suggestion?: string;
  /** The line, and a caret below the place. Empty where there is no line to show. */
  readonly excerpt: string;
}

export class ConfigError extends PenstockError {
  readonly faults: readonly Fault[];

  constructor(
    code: "CONFIG_INVALID" | "CONFIG_UNREADABLE",
    faults: readonly Fault[],
    cause?: unknown,
  ) {
    const files = [...new Set(faults.map(({ file }) => file))];
    const sorted = faults.toSorted(
      (a, b) =>
        files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
    );
    const file = sorted[0]?.file ?? "";
    super(code, sorted.map(headline).join("\n"), { context: { file }, cause });
    this.faults = sorted;
  }
}

/** More faults than this are counted, not shown: a file of another program has thousands. */
const FAULTS_SHOWN_MAX = 50;

/** `text` for people, `json` (one document on one line) for programs. Without a final newline. */
export function renderFaults(faults: readonly Fault[], format: "text" | "json"): string {
  if (format === "json") return JSON.stringify({ faults });
  const shown = faults.slice(0, FAULTS_SHOWN_MAX).map(renderFault);
  const left = faults.length - shown.length;
  if (left > 0) shown.push(`… and ${left} more ${left === 1 ? "fault" : "faults"}`);
  return shown.join("\n\n");
}

function renderFault(fault: Fault): string {
  const parts = [headline(fault)];
  if (fault.excerpt !== "") parts.push(fault.excerpt);
  if (fault.suggestion !== undefined) parts.push(`  → ${fault.suggestion}`);
  return parts.join("\n");
}

function headline({ file, line, column, message }: Fault): string {
  return line === 0 ? `${file}: ${message}` : `${file}:${line}:${column}: ${message}`;
}
