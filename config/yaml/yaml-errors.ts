/** The YAML parser's errors in the words of somebody who edits a file, not of a grammar. */
import { type Document, isScalar, visit, type YAMLError } from "yaml";
import type { Fault } from "../faults/faults.ts";
import type { SourceText, Span } from "./source-text.ts";

type Wording = readonly [message: string, suggestion?: string];

const SPACES = "indent with spaces, the same number for all lines of one mapping";
const QUOTES = 'a value with ": ", "#", brackets or quotes in it goes into quotes';

const ALIASES: Wording = [
  "aliases (*name) are not allowed",
  "write the values out where they are needed",
];
const ONLY_TAG = "the only tag is !secret NAME";

const WORDINGS: Readonly<Partial<Record<YAMLError["code"], Wording>>> = {
  ALIAS_PROPS: ALIASES,
  BAD_ALIAS: ALIASES,
  BAD_COLLECTION_TYPE: ["this tag does not fit what follows it", ONLY_TAG],
  BAD_DIRECTIVE: ["a line that begins with % is not allowed", "put the value in quotes"],
  BAD_DQ_ESCAPE: [
    "unknown escape in a text in double quotes",
    "write \\\\ for one backslash, or use single quotes",
  ],
  BAD_INDENT: ["this line's indentation fits no line above it", SPACES],
  BAD_PROP_ORDER: ["an anchor or a tag stands where none may stand", ONLY_TAG],
  BAD_SCALAR_START: ["a value cannot begin with this character", "put the value in quotes"],
  BLOCK_IN_FLOW: ["lines of a block cannot stand inside brackets", "close the bracket first"],
  KEY_OVER_1024_CHARS: ["this key is far too long", 'is a closing quote missing, or a ":"?'],
  MISSING_CHAR: ["something is missing here", QUOTES],
  MULTILINE_IMPLICIT_KEY: [
    "this line is no key with a value",
    'is a ":" missing, or a closing quote?',
  ],
  MULTIPLE_ANCHORS: ["anchors (&name) are not allowed"],
  MULTIPLE_TAGS: ["a value has two tags", ONLY_TAG],
  NON_STRING_KEY: ["a key must be a plain name", "write it like this: name: value"],
  TAB_AS_INDENT: ["a tab is used for indentation", "replace the tab by spaces"],
  UNEXPECTED_TOKEN: ["this is not expected here", QUOTES],
};

/** The parser's first error; what it says after that misleads. */
export function describeSyntaxError(source: SourceText, error: YAMLError): Fault {
  if (error.code === "RESOURCE_EXHAUSTION") return tooDeep(source);
  const special =
    openQuote(source, error) ??
    openBracket(source, error) ??
    secondColon(source, error) ??
    missingSpace(source, error);
  if (special) return special;
  const [message, suggestion] = wordingOf(source, error);
  return source.fault(placeOf(source, error), message, suggestion);
}

const CLOSING: Readonly<Record<string, string>> = { "{": "}", "[": "]" };

/** Our own limit is far below the parser's, which depends on the size of its stack. */
const NESTING_MAX = 64;

/** For a text that the parser gave up, or could not get through at all. */
export function tooDeep(source: SourceText): Fault {
  let depth = 0;
  let start = 0;
  for (const { index, 0: char } of source.text.matchAll(/[{}[\]]/g)) {
    depth += char in CLOSING ? 1 : -1;
    start = index;
    if (depth > NESTING_MAX) break;
  }
  const suggestion = "two or three levels are enough";
  return source.fault({ start, end: start + 1 }, "the file is nested too deeply", suggestion);
}

/** The rest of the file belongs to the text, so its quote is the last one. */
function openQuote(source: SourceText, error: YAMLError): Fault | undefined {
  const quote = /Missing closing (["'])/.exec(error.message)?.[1];
  if (quote === undefined) return undefined;
  const start = source.text.lastIndexOf(quote);
  const suggestion = `end the text with another ${quote}`;
  return source.fault({ start, end: start + 1 }, "this quote is never closed", suggestion);
}

function openBracket(source: SourceText, error: YAMLError): Fault | undefined {
  if (!/Flow (?:map|sequence)/i.test(error.message)) return undefined;
  const open: number[] = [];
  for (const { index, 0: char } of source.text.slice(0, error.pos[0]).matchAll(/[{}[\]]/g)) {
    if (char in CLOSING) open.push(index);
    else open.pop();
  }
  const start = open.at(-1);
  if (start === undefined) return undefined;
  const char = source.text[start] ?? "";
  const suggestion = `a ${CLOSING[char]} is missing, or the line is indented too little`;
  return source.fault({ start, end: start + 1 }, `this ${char} is never closed`, suggestion);
}

/** `site: hall: north`, or a line that is indented below one with a value. */
function secondColon(source: SourceText, error: YAMLError): Fault | undefined {
  if (error.code !== "BLOCK_AS_IMPLICIT_KEY") return undefined;
  const [start] = error.pos;
  const [value = "", next = ""] = source.text.slice(start).split(/\r?\n/, 2);
  if (/:(?:\s|$)/.test(value)) {
    const message = "a second colon in one line";
    const suggestion = `if it belongs to the text, put this in quotes: "${value.trim()}"`;
    return source.fault({ start, end: start + value.length }, message, suggestion);
  }
  const at = source.text.indexOf(next, start + value.length) + next.search(/\S/);
  const message = "this line is indented more than the one above it, which has a value already";
  return source.fault({ start: at, end: at + next.trim().length }, message, SPACES);
}

function missingSpace(source: SourceText, error: YAMLError): Fault | undefined {
  if (error.code !== "MULTILINE_IMPLICIT_KEY" && error.code !== "MISSING_CHAR") return undefined;
  const { start } = placeOf(source, error);
  const lineStart = source.text.lastIndexOf("\n", start) + 1;
  const [line = ""] = source.text.slice(lineStart).split(/\r?\n/, 1);
  const [, indent = "", key, value] = /^(\s*(?:- )?)([\w.-]+):([^\s:/].*)$/.exec(line) ?? [];
  if (key === undefined) return undefined;
  const at = lineStart + indent.length + key.length;
  const suggestion = `write it like this: ${key}: ${value}`;
  return source.fault({ start: at, end: at + 1 }, "a space is missing after the colon", suggestion);
}

function wordingOf(source: SourceText, error: YAMLError): Wording {
  const char = source.text[error.pos[0]] ?? "";
  const fallback: Wording = [`not valid YAML: ${error.message}`];
  const wording = WORDINGS[error.code] ?? fallback;
  if (char === "\t") return WORDINGS.TAB_AS_INDENT ?? wording;
  if (/[@`%]/.test(char)) return WORDINGS.BAD_SCALAR_START ?? wording;
  if (/implicit (map )?key/i.test(error.message)) return WORDINGS.MULTILINE_IMPLICIT_KEY ?? wording;
  return wording;
}

/** An error at the end of the text, or of a line, is shown at the next or last thing there. */
function placeOf(source: SourceText, error: YAMLError): Span {
  const [start, end] = error.pos;
  const gap = source.text.slice(start).search(/\S/);
  if (gap >= 0) {
    const from = source.text[start] === "\t" ? start : start + gap;
    return { start: from, end: Math.max(end, from + 1) };
  }
  const last = source.text.trimEnd().length;
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
