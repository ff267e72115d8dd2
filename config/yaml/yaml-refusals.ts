/** YAML that is valid, but that a configuration must not hold: each with its reason. */
import {
  type Document,
  isCollection,
  isScalar,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Fault } from "../faults/faults.ts";
import { SECRET_TAG, SecretReference } from "./secret-reference.ts";
import type { SourceText, Span } from "./source-text.ts";
import { pathOf, type Refused, spanOf } from "./yaml-tree.ts";
import { type Chain, walk } from "./yaml-walk.ts";

export interface Refusals {
  readonly faults: readonly Fault[];
  readonly refused: readonly Refused[];
  /** True where the values cannot be taken from the document at all. */
  readonly unusable: boolean;
}

/** `010` is ten to YAML 1.2, eight to YAML 1.1, and a house number to its writer. */
const LEADING_ZERO = /^[-+]?0\d/;

const WRITE_OUT = "write the values out where they are needed";

export function refuse(source: SourceText, document: Document.Parsed): Refusals {
  const faults: Fault[] = [];
  const refused: Refused[] = [];
  const anchors = new Set<string>();
  let unusable = false;
  const report: Report = (span, chain, on, [message, advice]) => {
    faults.push(source.fault(span ?? { start: 0, end: 1 }, message, advice));
    refused.push({ path: pathOf(chain), on });
  };
  refuseDirectives(document, report);
  walk(document, {
    alias: ({ source: name, range }, chain) => {
      unusable = true;
      // One message an anchor: its aliases go with it.
      if (anchors.has(name)) return;
      const span = { start: range?.[0] ?? 0, end: range?.[1] ?? 1 };
      const above = chain.slice(0, -1);
      report(span, above, "value", [`aliases (*${name}) are not allowed`, WRITE_OUT]);
    },
    value: (node, chain) => {
      if (node.anchor !== undefined) {
        unusable = true;
        anchors.add(node.anchor);
      }
      refuseNode(node, chain, source, report);
    },
    pair: (pair, chain) => {
      const { key } = pair;
      if (isCollection(key) || (isScalar(key) && key.value === "<<")) unusable = true;
      refuseKey(pair, chain, source, report);
    },
  });
  return { faults, refused, unusable };
}

type Wording = readonly [message: string, advice: string];

type Report = (span: Span | undefined, chain: Chain, on: "key" | "value", wording: Wording) => void;

function refuseDirectives(document: Document.Parsed, report: Report): void {
  const { yaml } = document.directives;
  if (!yaml.explicit) return;
  const advice = "leave it out: the file is read as YAML 1.2";
  report({ start: 0, end: 5 }, [], "key", ["a %YAML line is not allowed", advice]);
}

function refuseNode(
  node: Scalar | YAMLMap | YAMLSeq,
  chain: Chain,
  source: SourceText,
  report: Report,
): void {
  const { anchor } = node;
  if (anchor !== undefined) {
    const message = `anchors (&${anchor}) and aliases (*${anchor}) are not allowed`;
    report(before(node, `&${anchor}`, source), chain, "value", [message, WRITE_OUT]);
  }
  const tag = node.tag?.replace("tag:yaml.org,2002:", "!!");
  const wrongTag = tag === undefined ? undefined : tagFault(node, tag);
  if (wrongTag) report(before(node, tag ?? "", source), chain, "value", wrongTag);
  const zero = isScalar(node) ? leadingZeroFault(node) : undefined;
  if (zero) report(spanOf(node), chain, "value", zero);
}

function tagFault(node: Node, tag: string): Wording | undefined {
  if (tag !== SECRET_TAG) {
    return [`the tag ${tag} is not allowed`, "leave it out; the only tag is !secret NAME"];
  }
  if (isScalar(node) && node.value instanceof SecretReference && node.value.name !== "") {
    return undefined;
  }
  return ["!secret needs a name", 'write it like this: "key: !secret event-hubs"'];
}

function leadingZeroFault({ source, type, value }: Scalar): Wording | undefined {
  if (type !== "PLAIN" || typeof value !== "number" || source === undefined) return undefined;
  if (!LEADING_ZERO.test(source)) return undefined;
  const message = `${source} has a leading zero, which some programs read as octal`;
  return [message, `write ${value}, or "${source}" in quotes if it is text`];
}

function refuseKey(pair: Pair, chain: Chain, source: SourceText, report: Report): void {
  const { key } = pair;
  if (isScalar(key)) {
    const fault = decimalComma(pair, key, source) ?? keyFault(key);
    if (fault) report(spanOf(key), chain, "key", fault);
  } else if (isCollection(key)) {
    report(spanOf(key), chain, "key", ["a key must be a plain name", KEY_FORM]);
  }
}

/** In braces `scale: 0,1` is the value 0, and then a key 1 without a value. */
function decimalComma({ value }: Pair, key: Scalar, source: SourceText): Wording | undefined {
  const start = key.range?.[0];
  if (start === undefined || typeof key.value !== "number") return undefined;
  const whole = /\d+,$/.exec(source.text.slice(0, start))?.[0];
  if (whole === undefined || (isScalar(value) && value.value !== null)) return undefined;
  const written = whole + (key.source ?? String(key.value));
  const advice = `write a decimal point: ${written.replace(",", ".")}`;
  return [`${written} is read as two values: a comma separates them here`, advice];
}

const KEY_FORM = "write it like this: name: value";

/** A number may be a key where its text stays what was written: 3 does, 010 and 1.10 do not. */
function keyFault(key: Scalar): Wording | undefined {
  const { value } = key;
  if (value === "<<") return ["merge keys (<<) are not allowed", WRITE_OUT];
  if (value === "__proto__") return ['the key "__proto__" is not allowed', "choose another name"];
  if (value === null) return ["a key is missing before the colon", KEY_FORM];
  if (typeof value === "string") return undefined;
  const written = key.source ?? JSON.stringify(value);
  if (written === JSON.stringify(value) && typeof value === "number") return undefined;
  const kind = typeof value === "number" ? "number" : "truth value";
  return [`the key ${written} is a ${kind}, not a name`, `put it in quotes: "${written}"`];
}

/** An anchor or a tag stands before its value; the node's own range begins after it. */
function before(node: Node, text: string, source: SourceText): Span | undefined {
  const span = spanOf(node);
  if (!span) return undefined;
  const start = source.text.lastIndexOf(text, span.start);
  return start < 0 ? span : { start, end: start + text.length };
}
