/** YAML that is valid, but that a configuration must not hold: each with its reason. */
import {
  type Document,
  isAlias,
  isCollection,
  isScalar,
  type Node,
  type Pair,
  type Scalar,
  visit,
} from "yaml";
import type { Fault } from "./faults.ts";
import { SecretReference } from "./secrets.ts";
import type { SourceText, Span } from "./source-text.ts";
import { type Path, pathOf, spanOf } from "./yaml-tree.ts";

export interface Refusals {
  readonly faults: readonly Fault[];
  /** Where they stand. */
  readonly paths: readonly Path[];
  /** True where the values cannot be taken from the document at all. */
  readonly unusable: boolean;
}

/** `010` is ten to YAML 1.2, eight to YAML 1.1, and a house number to its writer. */
const LEADING_ZERO = /^[-+]?0\d/;

const WRITE_OUT = "write the values out where they are needed";

export function refuse(source: SourceText, document: Document.Parsed): Refusals {
  const faults: Fault[] = [];
  const paths: Path[] = [];
  let unusable = false;
  const report = (span: Span | undefined, path: Path, message: string, advice: string): void => {
    faults.push(source.fault(span ?? { start: 0, end: 1 }, message, advice));
    paths.push(path);
  };
  refuseDirectives(document, report);
  visit(document, {
    Node: (_key, node, ancestors) => {
      const path = pathOf([...ancestors, node]);
      if (isAlias(node) || anchorOf(node) !== undefined) unusable = true;
      refuseNode(node, path, source, report);
    },
    Pair: (_key, pair, ancestors) => refuseKey(pair, pathOf([...ancestors, pair]), report),
  });
  return { faults, paths, unusable };
}

type Report = (span: Span | undefined, path: Path, message: string, advice: string) => void;

function refuseDirectives(document: Document.Parsed, report: Report): void {
  const { yaml } = document.directives;
  if (!yaml.explicit) return;
  const message = `a %YAML line is not allowed`;
  report({ start: 0, end: 5 }, [], message, "leave it out: the file is read as YAML 1.2");
}

function refuseNode(node: Node, path: Path, source: SourceText, report: Report): void {
  if (isAlias(node)) return; // Its anchor is reported; without one the parser complains.
  const anchor = anchorOf(node);
  if (anchor !== undefined) {
    const message = `anchors (&${anchor}) and aliases (*${anchor}) are not allowed`;
    report(before(node, `&${anchor}`, source), path, message, WRITE_OUT);
  }
  const tag = (node as { tag?: string }).tag;
  if (tag !== undefined) refuseTag(node, tag, path, source, report);
  if (isScalar(node)) refuseLeadingZero(node, path, report);
}

function refuseTag(node: Node, tag: string, path: Path, source: SourceText, report: Report): void {
  const written = tag.replace("tag:yaml.org,2002:", "!!");
  const span = before(node, written, source);
  if (tag === "!secret") {
    if (isScalar(node) && node.value instanceof SecretReference) return;
    report(span, path, "!secret needs a name", 'write it like this: "key: !secret event-hubs"');
    return;
  }
  const message = `the tag ${written} is not allowed`;
  report(span, path, message, "leave it out; the only tag is !secret NAME");
}

function refuseLeadingZero(node: Scalar, path: Path, report: Report): void {
  const { source, value } = node;
  if (node.type !== "PLAIN" || typeof value !== "number" || source === undefined) return;
  if (!LEADING_ZERO.test(source)) return;
  const message = `${source} has a leading zero, which some programs read as octal`;
  report(spanOf(node), path, message, `write ${value}, or "${source}" in quotes if it is text`);
}

function refuseKey(pair: Pair, path: Path, report: Report): void {
  const { key } = pair;
  if (!isScalar(key)) {
    if (isAlias(key)) return;
    const span = spanOf(isCollection(key) ? key : undefined);
    report(span, path, "a key must be a plain name", "write it like this: name: value");
    return;
  }
  if (key.value === "<<") {
    report(spanOf(key), path, "merge keys (<<) are not allowed", WRITE_OUT);
  } else if (key.value === "__proto__") {
    report(spanOf(key), path, 'the key "__proto__" is not allowed', "choose another name");
  } else if (key.value === null) {
    report(
      spanOf(key),
      path,
      "a key is missing before the colon",
      "write it like this: name: value",
    );
  } else if (typeof key.value !== "string") {
    const written = key.source ?? JSON.stringify(key.value);
    const kind = typeof key.value === "number" ? "number" : "truth value";
    const message = `the key ${written} is a ${kind}, not a name`;
    report(spanOf(key), path, message, `put it in quotes: "${written}"`);
  }
}

function anchorOf(node: Node): string | undefined {
  return isAlias(node) ? undefined : (node as { anchor?: string }).anchor;
}

/** An anchor or a tag stands before its value; the node's own range begins after it. */
function before(node: Node, text: string, source: SourceText): Span | undefined {
  const span = spanOf(node);
  if (!span) return undefined;
  const start = source.text.lastIndexOf(text, span.start);
  return start < 0 ? span : { start, end: start + text.length };
}
