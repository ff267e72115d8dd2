/** The text of a configuration file, and how to point at a place in it. */
import { LineCounter } from "yaml";
import type { Fault } from "../faults/faults.ts";
import { nearest } from "../faults/nearest.ts";

/** Longer lines are cut around the place, so that the caret stays on the screen. */
const EXCERPT_WIDTH = 100;
const ELLIPSIS = "…";

/** A plain value: `key: hunter2`, also inside braces. */
const PLAIN_VALUE = /([\w-]+)(["']?\s*:\s+)(?!!secret\b|[{[])([^\s,}#][^,}#]*)/g;
const SECRET_KEYS = ["key", "password", "connectionString"];
const SECRET_WORD = /pass|secret|token|sas|credential|connection|access-?key/i;

/** A place in the text: offsets in UTF-16 units, the end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly lineCounter = new LineCounter();
  /** Cut when an excerpt is asked for: a file in order has none. */
  #lines: readonly string[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
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
    this.#lines ??= this.text.split(/\r\n|\n|\r/);
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

/** Excerpts go to logs and support tickets, and a secret's key may be the misspelt one. */
function hideSecrets(line: string): string {
  return line.replaceAll(PLAIN_VALUE, (pair, key: string, colon: string, value: string) => {
    const isSecret = SECRET_WORD.test(key) || nearest(key, SECRET_KEYS) !== undefined;
    return isSecret ? key + colon + value.replaceAll(/\S/g, "*") : pair;
  });
}
