/**
 * YAML 1.2, cut down to what a technician needs: one document of mappings, lists and plain values.
 * Anchors, aliases, merge keys, directives and tags other than `!secret NAME` are refused by name;
 * so is what YAML would quietly read as something else (`010`, a key `yes`).
 */
import { type Document, parseDocument, type YAMLError } from "yaml";
import type { Fault } from "../faults/faults.ts";
import { SECRET_TAG, SecretReference } from "./secret-reference.ts";
import type { SourceText } from "./source-text.ts";
import { describeDuplicate, describeSyntaxError, tooDeep } from "./yaml-errors.ts";
import { type Refusals, refuse } from "./yaml-refusals.ts";
import { YamlTree } from "./yaml-tree.ts";

export interface ParsedYaml {
  /** Undefined where nothing can be made of the text. */
  readonly tree: YamlTree | undefined;
  readonly faults: readonly Fault[];
  /** Values that have a fault already: what else may be wrong with them is not said. */
  readonly refused: Refusals["refused"];
}

export function parseYaml(source: SourceText): ParsedYaml {
  const document = tryParse(source);
  if (!document) return nothingOf([tooDeep(source)]);
  const syntax = document.errors.find((error) => !isSeparate(error));
  // After the first syntax error the parser guesses, and its other errors mislead.
  if (syntax) return nothingOf([describeSyntaxError(source, syntax)]);
  if (document.contents === null) return nothingOf([emptyFile(source)]);
  const separate = document.errors.map((error) => describeDuplicate(source, document, error));
  const refusals = refuse(source, document);
  const faults = [...separate, ...refusals.faults];
  const tree = refusals.unusable ? undefined : new YamlTree(source, document);
  return { tree, faults, refused: refusals.refused };
}

function tryParse(source: SourceText): Document.Parsed | undefined {
  try {
    return parseDocument(source.text, {
      lineCounter: source.lineCounter,
      version: "1.2",
      schema: "core",
      merge: false,
      strict: true,
      uniqueKeys: true,
      prettyErrors: false,
      logLevel: "error",
      customTags: [{ tag: SECRET_TAG, resolve: (name: string) => new SecretReference(name) }],
    });
  } catch (error) {
    // The parser recurses: some thousand open brackets end its stack.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Faults that leave the rest of the file readable. */
function isSeparate(error: YAMLError): boolean {
  return error.code === "DUPLICATE_KEY" || error.code === "MULTIPLE_DOCS";
}

function nothingOf(faults: readonly Fault[]): ParsedYaml {
  return { tree: undefined, faults, refused: [] };
}

function emptyFile(source: SourceText): Fault {
  const message = source.text.trim() === "" ? "the file is empty" : "the file holds only comments";
  return source.faultAt(1, 1, 1, message, 'a configuration begins with "version: 1"');
}
