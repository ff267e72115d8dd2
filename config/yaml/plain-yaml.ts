/**
 * A quick reading of YAML in which nothing is unusual: the data that the full parser would give, or
 * nothing at all where that parser has to look. A gateway's file is nearly always in order, and then
 * nobody needs the place of each value, which takes most of the time.
 *
 * Whatever two parsers could read differently, or `parseYaml` refuses, must come out as nothing: what
 * cannot be seen in a value or key is looked for in the text. A test compares both on mutated files.
 */
import {
  defineMappingTag,
  defineScalarTag,
  load,
  NOT_RESOLVED,
  Schema,
  seqTag,
  strTag,
} from "js-yaml";
import { isMapping, type RawMapping } from "./raw.ts";
import { SECRET_TAG, SecretReference } from "./secret-reference.ts";

/** Ends the quick reading, and not the program. */
class Unusual extends Error {}

/** A key may not be longer than 1024 characters. */
const LINE_LENGTH_MAX = 1000;

const UNUSUAL_TEXT = new RegExp(
  [
    // Other white space than blanks, and characters that do not belong into a text.
    String.raw`\t|\r(?!\n)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]`,
    // Directives, and marks between documents.
    String.raw`^(?:%|\s*(?:---|\.\.\.))`,
    // Anchors, aliases, explicit keys, reserved characters.
    String.raw`(?:^|[\s,[{])(?:[&*@${"`"}]|\?(?:\s|$))`,
    // Tags other than the one that is allowed.
    String.raw`!(?!secret [A-Za-z0-9])`,
    // Texts of several lines.
    String.raw`[|>][-+\d]*\s*(?:#.*)?$`,
    // A comment that nothing separates from what it follows.
    String.raw`["'\]},]#`,
    // A key without a name.
    String.raw`(?:^|[\s,{[]):(?:\s|$)`,
    // A number as key that is not as it is written.
    String.raw`(?:0x[\da-fA-F]+|\.\d+)\s*:(?:[\s,[\]{}]|$)`,
  ].join("|"),
  "m",
);

/** Numbers whose text is what they are: decimal, without exponent, leading zero or plus sign. */
const USUAL_NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?$/;
const HEXADECIMAL = /^0x[\da-fA-F]{1,13}$/;

/** All that YAML 1.2 takes for a number (section 10.3.2), and what some take for one. */
const ANY_NUMBER =
  /^[-+]?(?:0[xXoObB][\da-fA-F_]*|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d*)?|\.(?:inf|nan))$/i;

const WORDS: Readonly<Record<string, boolean | null>> = {
  "": null,
  "~": null,
  null: null,
  Null: null,
  NULL: null,
  true: true,
  True: true,
  TRUE: true,
  false: false,
  False: false,
  FALSE: false,
};

function isLoadOnly(): boolean {
  return false;
}

const plainTag = defineScalarTag<boolean | number | null>("penstock:plain", {
  implicit: true,
  identify: isLoadOnly,
  resolve: (source) => {
    const word = Object.hasOwn(WORDS, source) ? WORDS[source] : undefined;
    if (word !== undefined) return word;
    if (USUAL_NUMBER.test(source) && source !== "-0") return Number(source);
    if (HEXADECIMAL.test(source)) return Number.parseInt(source, 16);
    if (ANY_NUMBER.test(source)) throw new Unusual(source);
    return NOT_RESOLVED;
  },
});

const secretTag = defineScalarTag<SecretReference>(SECRET_TAG, {
  identify: isLoadOnly,
  resolve: (source) => new SecretReference(source),
});

type Carrier = Record<string, unknown>;

const mappingTag = defineMappingTag<Carrier>("tag:yaml.org,2002:map", {
  create: () => ({}),
  addPair: (carrier, key, value) => {
    // `scale: 0,1` in braces is a key 1 without a value.
    if (typeof key === "number" && value === null) throw new Unusual();
    carrier[nameOf(key)] = value;
    return "";
  },
  has: (carrier, key) => Object.hasOwn(carrier, nameOf(key)),
  keys: (carrier) => Object.keys(carrier),
  get: (carrier, key) => carrier[nameOf(key)],
  identify: isLoadOnly,
});

function nameOf(key: unknown): string {
  if (typeof key === "number" && Number.isSafeInteger(key)) return String(key);
  if (typeof key !== "string" || key === "__proto__" || key === "<<") throw new Unusual();
  return key;
}

const schema = new Schema([strTag, seqTag, mappingTag, plainTag, secretTag]);

/** The parser's own depth is no measure of what `parseYaml` allows; a configuration is flat. */
const DEPTH_MAX = 20;

/** Undefined where something is unusual, right or wrong. */
export function readPlainYaml(text: string): RawMapping | undefined {
  if (UNUSUAL_TEXT.test(text) || !hasUsualLines(text)) return undefined;
  try {
    const data = load(text, { schema, maxAliases: 0, maxDepth: DEPTH_MAX });
    return isMapping(data) ? data : undefined;
  } catch {
    // The parser documents that it may throw anything. The full one says what is wrong.
    return undefined;
  }
}

/**
 * Short lines; and what is inside of brackets over several lines is indented further than the key that
 * it belongs to.
 */
function hasUsualLines(text: string): boolean {
  let depth = 0;
  let indentMin = 0;
  for (let start = 0; start < text.length; ) {
    const lineFeed = text.indexOf("\n", start);
    const end = lineFeed < 0 ? text.length : lineFeed;
    if (end - start > LINE_LENGTH_MAX) return false;
    const indent = indentOf(text, start, end);
    const first = text[start + indent] ?? "";
    const isInside = depth > 0;
    if (isInside && indent < indentMin && start + indent < end) return false;
    depth += depthChange(text, start, end);
    if (depth < 0) return false;
    if (depth > 0 && !isInside) {
      // A list's item may be indented further than its line.
      if (first === "-") return false;
      indentMin = first === "{" || first === "[" ? indent : indent + 1;
    }
    start = end + 1;
  }
  return depth === 0;
}

function indentOf(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) === BLANK) at += 1;
  return at - start;
}

function depthChange(text: string, start: number, end: number): number {
  let change = 0;
  for (let i = start; i < end; i++) {
    const char = text.charCodeAt(i);
    if (char === OPEN_BRACE || char === OPEN_BRACKET) change += 1;
    else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) change -= 1;
  }
  return change;
}

const BLANK = 0x20;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
