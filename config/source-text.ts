/** The text of a configuration file, and how to point at a place in it. */
import { LineCounter } from "yaml";
import type { Fault } from "./faults.ts";

/** Longer lines are cut around the place, so that the caret stays on the screen. */
const EXCERPT_WIDTH = 100;
const ELLIPSIS = "…";

/** A value in the file that an excerpt must not repeat: excerpts go to logs and support tickets. */
const PLAIN_SECRET =
  /\b(key|password|connectionString)(["']?\s*:\s*)(?!!secret\b)([^\s,}#][^,}#]*)/g;

/** A place in the text: offsets in UTF-16 units, the end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly lineCounter = new LineCounter();
  readonly #lines: readonly string[];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.#lines = text.split(/\r\n|\n|\r/);
  }

  fault(span: Span, message: string, suggestion?: string): Fault {
    const { line, col } = this.lineCounter.linePos(Math.min(span.start, this.text.length));
    return this.faultAt(line, col, span.end - span.start, message, suggestion);
  }

  /** For a fault found before the lines were counted. */
  faultAt(
    line: number,
    column: number,
    length: number,
    message: string,
    suggestion?: string,
  ): Fault {
    return {
      file: this.file,
      line,
      column,
      message,
      ...(suggestion === undefined ? {} : { suggestion }),
      excerpt: this.#excerpt(line, column, length),
    };
  }

  /** The line that the offset is on. */
  lineOf(offset: number): number {
    return this.lineCounter.linePos(offset).line;
  }

  #excerpt(line: number, column: number, length: number): string {
    const text = this.#lines[line - 1];
    if (text === undefined || text.trim() === "") return "";
    const from = Math.max(0, column - 1 - EXCERPT_WIDTH / 2);
    const start = text.length > EXCERPT_WIDTH ? from : 0;
    const cut = hideSecrets(text).slice(start, start + EXCERPT_WIDTH);
    const before = (start > 0 ? ELLIPSIS : "") + cut.slice(0, column - 1 - start);
    const after = cut.slice(column - 1 - start);
    const tail = start + EXCERPT_WIDTH < text.length ? ELLIPSIS : "";
    const carets = "^".repeat(Math.max(1, Math.min(length, after.trimEnd().length)));
    const number = String(line);
    const margin = " ".repeat(number.length);
    // A tab is kept as a tab below itself: the caret stands right however wide it is shown.
    const indent = before.replaceAll(/[^\t]/g, " ");
    return `  ${number} | ${before}${after}${tail}\n  ${margin} | ${indent}${carets}`;
  }
}

function hideSecrets(line: string): string {
  return line.replaceAll(PLAIN_SECRET, (_, key: string, colon: string, value: string) => {
    return key + colon + "*".repeat(value.length);
  });
}
