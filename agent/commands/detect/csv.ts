/** CSV as it comes from spreadsheets and historians (RFC 4180, without line breaks in fields). */
import { PenstockError } from "#core/errors.ts";

const LINE_LENGTH_MAX = 65_536;

/**
 * The lines of a stream of bytes or text, without their ends. A last line needs no end.
 * @throws PenstockError PAYLOAD_TOO_LARGE for a line of more than 64 KiB
 */
export async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of input) {
    rest += typeof part === "string" ? part : decoder.decode(part, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield withoutReturn(line);
    if (rest.length > LINE_LENGTH_MAX) {
      const message = `a line is longer than ${LINE_LENGTH_MAX} characters: is this CSV?`;
      throw new PenstockError("PAYLOAD_TOO_LARGE", message);
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield withoutReturn(rest);
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

export type Delimiter = "," | ";";

/** Spreadsheets of half of Europe write semicolons: the first line tells. */
export function delimiterOf(line: string): Delimiter {
  return line.includes(";") && !line.includes(",") ? ";" : ",";
}

const FIELD: Readonly<Record<Delimiter, RegExp>> = {
  ",": /\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(,|$)/y,
  ";": /\s*(?:"((?:[^"]|"")*)"\s*|([^;]*))(;|$)/y,
};

/** The fields of a line; quotes around a field are taken off. */
export function fieldsOf(line: string, delimiter: Delimiter): string[] {
  if (!line.includes('"')) return line.split(delimiter).map((field) => field.trim());
  const fields: string[] = [];
  const pattern = FIELD[delimiter];
  pattern.lastIndex = 0;
  for (;;) {
    const match = pattern.exec(line);
    if (!match) return fields;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2]?.trim() ?? "");
    if (match[3] === "") return fields;
  }
}

/** A field as it is written: quoted where it must be. */
export function fieldText(value: string): string {
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
