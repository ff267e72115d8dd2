/** The YAML parser's errors in the words of somebody who edits a file, not of a grammar. */
import { type Document, isScalar, visit, type YAMLError } from "yaml";
import type { Fault } from "./faults.ts";
import type { SourceText, Span } from "./source-text.ts";

type Wording = readonly [message: string, suggestion?: string];

const SPACES = "indent with spaces, the same number for all lines of one mapping";
const QUOTES = 'a value with ": ", "#", brackets or quotes in it goes into quotes';

const WORDINGS: Readonly<Partial<Record<YAMLError["code"], Wording>>> = {
  BAD_ALIAS: ["aliases (*name) are not allowed", "write the values out where they are needed"],
  BAD_DIRECTIVE: ["a line that begins with % is not allowed", "put the value in quotes"],
  BAD_DQ_ESCAPE: [
    "unknown escape in a text in double quotes",
    "write \\\\ for one backslash, or use single quotes",
  ],
  BAD_INDENT: ["this line's indentation fits no line above it", SPACES],
  BAD_SCALAR_START: ["a value cannot begin with this character", "put the value in quotes"],
  BLOCK_AS_IMPLICIT_KEY: ["two keys on one line", QUOTES],
  BLOCK_IN_FLOW: ["lines of a block cannot stand inside brackets", "close the bracket first"],
  MISSING_CHAR: ["something is missing here", QUOTES],
  MULTILINE_IMPLICIT_KEY: [
    "this line is no key with a value",
    'is a ":" missing, or a closing quote?',
  ],
  MULTIPLE_ANCHORS: ["anchors (&name) are not allowed"],
  MULTIPLE_TAGS: ["a value has two tags", "the only tag is !secret NAME"],
  TAB_AS_INDENT: ["a tab is used for indentation", "replace the tab by spaces"],
  UNEXPECTED_TOKEN: ["this is not expected here", QUOTES],
};

export function describeSyntaxError(source: SourceText, error: YAMLError): Fault {
  const [message, suggestion] = wordingOf(source, error);
  return source.fault(placeOf(source, error), message, suggestion);
}

function wordingOf(source: SourceText, error: YAMLError): Wording {
  const char = source.text[error.pos[0]];
  if (/Missing closing "|Missing closing '/.test(error.message)) {
    return [`a closing quote is missing`, "close the quote that begins in this line or above"];
  }
  const bracket = /flow (map|sequence).*end with a? ?([}\]])/.exec(error.message);
  if (bracket)
    return [`a closing ${bracket[2]} is missing`, "close the bracket that is open above"];
  if (char === "\t") return WORDINGS.TAB_AS_INDENT ?? [error.message];
  if (char === "@" || char === "`" || char === "%") return WORDINGS.BAD_SCALAR_START ?? ["?"];
  if (/implicit (map )?key/i.test(error.message) && error.code !== "BLOCK_AS_IMPLICIT_KEY") {
    return WORDINGS.MULTILINE_IMPLICIT_KEY ?? [error.message];
  }
  return WORDINGS[error.code] ?? [`not valid YAML: ${error.message}`];
}

/** An error at the end of the text, or of a line, is shown at the last thing that is there. */
function placeOf(source: SourceText, error: YAMLError): Span {
  const [start, end] = error.pos;
  const { text } = source;
  const rest = text.slice(start);
  if (rest.trim() !== "") return { start, end: Math.max(end, start + 1) };
  const last = text.trimEnd().length;
  return { start: Math.max(0, last - 1), end: last };
}

/** For errors beside which the document can still be read. */
export function describeDuplicate(
  source: SourceText,
  document: Document.Parsed,
  error: YAMLError,
): Fault {
  const [start, end] = error.pos;
  if (error.code === "MULTIPLE_DOCS") {
    const message = "a second document begins here";
    return source.fault(
      { start, end: start + 3 },
      message,
      "one file holds one document: remove the ---",
    );
  }
  const key = keyStartingAt(document, start);
  if (!key) return source.fault({ start, end }, "this key is given twice", "remove one of the two");
  const message = `the key "${key.name}" is given twice: first in line ${source.lineOf(key.firstStart)}`;
  return source.fault(key.span, message, "remove one of the two, or rename it");
}

interface DuplicateKey {
  readonly name: string;
  readonly span: Span;
  readonly firstStart: number;
}

function keyStartingAt(document: Document.Parsed, offset: number): DuplicateKey | undefined {
  let found: DuplicateKey | undefined;
  visit(document, {
    Map: (_key, map) => {
      const keys = map.items.map((pair) => pair.key).filter(isScalar);
      const key = keys.find((candidate) => candidate.range?.[0] === offset);
      const first = keys.find((candidate) => candidate.value === key?.value);
      if (!key?.range || !first?.range) return undefined;
      const span = { start: offset, end: key.range[1] };
      found = { name: String(key.value), span, firstStart: first.range[0] };
      return visit.BREAK;
    },
  });
  return found;
}
