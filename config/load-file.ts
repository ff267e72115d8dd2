/**
 * Loads one YAML file: all of it is right, or nothing of it is used. As many faults as can be found
 * at once are told, by file, line and column.
 */
import { isScalar } from "yaml";
import type { z } from "zod";
import { ConfigError, type Fault } from "./faults.ts";
import { parseYaml } from "./parse-yaml.ts";
import { isMapping } from "./raw.ts";
import { decodeSource, readSource } from "./read-source.ts";
import { validate } from "./schema-faults.ts";
import type { Written } from "./schema-messages.ts";
import { resolveSecrets, type SecretSources } from "./secrets.ts";
import type { SourceText } from "./source-text.ts";
import type { Outline, Path, Problem, Refused, YamlTree } from "./yaml-tree.ts";

/** The file's path, or its text under a name to be used in messages. */
export type ConfigInput = string | { readonly file: string; readonly text: string };

/** What a file is to fulfil. */
export interface FileKind<T> {
  readonly schema: z.ZodType<T>;
  /** What goes beyond the shape of each of its parts. */
  readonly check: (data: unknown, outline: Outline) => Problem[];
  /** Puts in what the file refers to, before it is checked. */
  readonly expand?: (data: unknown) => Expanded;
}

export interface Expanded {
  readonly data: unknown;
  readonly problems: readonly Problem[];
  /** In other files. */
  readonly faults: readonly Fault[];
}

export interface LoadedFile<T> {
  readonly settings: T;
  /** As it stands in the file: without defaults. */
  readonly data: unknown;
}

const NOTHING_TO_EXPAND = (data: unknown): Expanded => ({ data, problems: [], faults: [] });

/** @throws ConfigError CONFIG_UNREADABLE, CONFIG_INVALID */
export function loadFile<T>(
  input: ConfigInput,
  secrets: SecretSources,
  kind: FileKind<T>,
): LoadedFile<T> {
  const { schema, check, expand = NOTHING_TO_EXPAND } = kind;
  const source = sourceOf(input);
  const { tree, faults, refused } = parseYaml(source);
  if (!tree) throw new ConfigError("CONFIG_INVALID", faults);
  const resolved = resolveSecrets(tree, secrets);
  const expanded = expand(tree.document.toJS());
  const { data } = expanded;
  const { settings, problems } = validate(schema, data, writtenIn(tree, data));
  const spoken = [...refused, ...resolved.missing, ...expanded.problems];
  const shaped = problems.filter((problem) => !spoken.some((other) => isSpokenOf(other, problem)));
  const crossed = check(data, tree).filter(
    (problem) => ![...spoken, ...shaped].some(({ path }) => startsWith(problem.path, path)),
  );
  const found = [...expanded.problems, ...shaped, ...crossed].map((problem) => tree.fault(problem));
  const all: Fault[] = [...faults, ...resolved.faults, ...expanded.faults, ...found];
  if (all.length > 0) throw new ConfigError("CONFIG_INVALID", all);
  if (settings === undefined) throw new Error("a file without faults has settings");
  return { settings, data };
}

function sourceOf(input: ConfigInput): SourceText {
  if (typeof input === "string") return readSource(input);
  return decodeSource(input.file, Buffer.from(input.text));
}

function writtenIn(tree: YamlTree, data: unknown): (path: Path) => Written {
  return (path) => {
    const node = tree.nodeAt(path);
    const text = isScalar(node) ? (node.source ?? String(node.value)) : undefined;
    return { value: valueAt(data, path), text, isSecret: node?.tag === "!secret" };
  };
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else value = isMapping(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** That a key is misspelt is worth saying although its value has a fault already. */
function isSpokenOf(refused: Refused, problem: Problem): boolean {
  const { path, on } = refused;
  if (on === "value" && problem.on === "key" && problem.path.length <= path.length) return false;
  return startsWith(problem.path, path) || startsWith(path, problem.path);
}

function startsWith(path: Path, start: Path): boolean {
  return start.length <= path.length && start.every((step, i) => step === path[i]);
}
