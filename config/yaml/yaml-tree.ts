/** A parsed YAML file whose values can be found by path, to point at them in the text. */
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Fault } from "../faults/faults.ts";
import type { SourceText, Span } from "./source-text.ts";

export type Path = readonly (string | number)[];

/** A fault by what it concerns rather than by where that stands. */
export interface Problem {
  readonly path: Path;
  /** Whether the key itself is at fault, or its value. */
  readonly on: "key" | "value";
  readonly message: string;
  readonly suggestion?: string | undefined;
}

/** What is not to be complained of again. */
export interface Refused {
  readonly path: Path;
  readonly on: "key" | "value";
}

/** Where things stand in the file, for messages that name a second place. */
export interface Outline {
  /** Where the path's key is: `line 12`, or with its file where there are several. */
  placeOf(path: Path): string;
  /** False for a default. */
  has(path: Path): boolean;
}

/** What stands at a path. A list's item has no key, a mapping's empty value no node. */
interface Place {
  readonly key: Scalar | undefined;
  readonly value: Node | undefined;
}

export class YamlTree implements Outline {
  readonly source: SourceText;
  readonly document: Document.Parsed;

  constructor(source: SourceText, document: Document.Parsed) {
    this.source = source;
    this.document = document;
  }

  fault(problem: Problem): Fault {
    const { path, on, message, suggestion } = problem;
    return this.source.fault(this.#span(path, on), message, suggestion);
  }

  /** The value's node; undefined where the file has none. */
  nodeAt(path: Path): Node | undefined {
    return this.#placeOf(path)?.value;
  }

  has(path: Path): boolean {
    return this.#placeOf(path) !== undefined;
  }

  placeOf(path: Path): string {
    return `line ${this.lineOf(path)}`;
  }

  /** The line that the path's key is on, or its value where it has no key. */
  lineOf(path: Path): number {
    return this.source.lineOf(this.#span(path, "key").start);
  }

  /** The nearest thing that is in the file: a missing value is shown at its parent's key. */
  #span(path: Path, on: "key" | "value"): Span {
    for (let length = path.length; length > 0; length--) {
      const place = this.#placeOf(path.slice(0, length));
      if (!place) continue;
      const exact = length === path.length && on === "value";
      const node = exact && isShown(place.value) ? place.value : (place.key ?? place.value);
      const span = spanOf(node);
      if (span) return span;
    }
    return firstKeyOf(this.document) ?? { start: 0, end: 1 };
  }

  #placeOf(path: Path): Place | undefined {
    let place: Place = { key: undefined, value: this.document.contents ?? undefined };
    for (const step of path) {
      const next = stepInto(place.value, step);
      if (!next) return undefined;
      place = next;
    }
    return place;
  }
}

function stepInto(node: Node | undefined, step: string | number): Place | undefined {
  if (isMap(node)) {
    const pair = pairOf(node, String(step));
    return pair && { key: isScalar(pair.key) ? pair.key : undefined, value: asNode(pair.value) };
  }
  if (isSeq(node) && typeof step === "number") {
    const value = asNode(node.items[step]);
    return value && { key: undefined, value };
  }
  return undefined;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

function asNode(value: unknown): Node | undefined {
  return isNode(value) ? value : undefined;
}

/** An empty value has a node without text. */
function isShown(node: Node | undefined): boolean {
  const range = node?.range;
  return range !== undefined && range !== null && range[1] > range[0];
}

export function spanOf(node: Node | undefined): Span | undefined {
  const range = node?.range;
  if (!range) return undefined;
  return { start: range[0], end: Math.max(range[1], range[0] + 1) };
}

function firstKeyOf(document: Document.Parsed): Span | undefined {
  const { contents } = document;
  const first = isMap(contents) ? contents.items[0]?.key : contents;
  return spanOf(asNode(first));
}

/** The path of the last of a chain of nodes, from the document down, as `visit` gives them. */
export function pathOf(chain: readonly unknown[]): Path {
  const path: (string | number)[] = [];
  for (const [i, parent] of chain.entries()) {
    const child = chain[i + 1];
    if (isPair(parent)) path.push(String(isScalar(parent.key) ? parent.key.value : parent.key));
    else if (isSeq(parent) && child !== undefined) path.push(parent.items.indexOf(child));
  }
  return path;
}
