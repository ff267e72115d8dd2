/**
 * Loads one YAML file: all of it is right, or nothing of it is used. As many faults as can be found
 * at once are told, by file, line and column.
 */
import { dirname } from "node:path";
import { isScalar } from "yaml";
import { ConfigError, type Fault } from "../faults/faults.ts";
import { validate } from "../faults/schema-faults.ts";
import type { Written } from "../faults/schema-messages.ts";
import { parseYaml } from "../yaml/parse-yaml.ts";
import { isMapping } from "../yaml/raw.ts";
import { SECRET_TAG } from "../yaml/secret-reference.ts";
import type { SourceText } from "../yaml/source-text.ts";
import type { Path, Problem, Refused, YamlTree } from "../yaml/yaml-tree.ts";
import { ComposedTree } from "./composed-tree.ts";
import { type FileKind, type LoadedFile, NOTHING_TO_EXPAND } from "./file-kind.ts";
import { mergeFiles } from "./merge-files.ts";
import { loadPlainFile } from "./plain-file.ts";
import { decodeSource, readSource } from "./read-source.ts";
import { resolveSecrets, type SecretSources } from "./secrets.ts";

/** The file's path, or its text under a name to be used in messages. */
export type ConfigInput = string | { readonly file: string; readonly text: string };

export function folderOf(input: ConfigInput): string {
  return dirname(typeof input === "string" ? input : input.file);
}

/**
 * @param fragments further files of the same configuration
 * @throws ConfigError CONFIG_UNREADABLE, CONFIG_INVALID
 */
export function loadFile<T>(
  input: ConfigInput,
  secrets: SecretSources,
  kind: FileKind<T>,
  fragments: readonly ConfigInput[] = [],
): LoadedFile<T> {
  const sources = [input, ...fragments].map(sourceOf);
  return loadPlainFile(sources, secrets, kind) ?? loadFully(sources, secrets, kind);
}

function loadFully<T>(
  sources: readonly SourceText[],
  secrets: SecretSources,
  kind: FileKind<T>,
): LoadedFile<T> {
  const { schema, check, expand = NOTHING_TO_EXPAND } = kind;
  const parsed = parseAll(sources);
  const trees = parsed.map(({ tree }) => tree);
  const resolved = trees.map((each) => resolveSecrets(each, secrets));
  const [main, ...others] = trees.map((each) => ({ tree: each, data: each.document.toJS() }));
  if (!main) throw new Error("there is one file at least");
  const merged = mergeFiles(main, others);
  const tree = new ComposedTree(main.tree, trees.slice(1));
  const expanded = expand(merged.data);
  const { data } = expanded;
  const { settings, problems } = validate(schema, data, writtenIn(tree, data));
  const spoken = [
    ...parsed.flatMap(({ refused }) => refused),
    ...resolved.flatMap(({ missing }) => missing),
    ...expanded.problems,
  ];
  const shaped = problems.filter((problem) => !spoken.some((other) => isSpokenOf(other, problem)));
  const crossed = check(data, tree).filter(
    (problem) => ![...spoken, ...shaped].some(({ path }) => startsWith(problem.path, path)),
  );
  const found = [...expanded.problems, ...shaped, ...crossed].map((problem) => tree.fault(problem));
  const all: Fault[] = [
    ...parsed.flatMap(({ faults }) => faults),
    ...resolved.flatMap(({ faults }) => faults),
    ...merged.faults,
    ...expanded.faults,
    ...found,
  ];
  if (all.length > 0) throw new ConfigError("CONFIG_INVALID", all);
  if (settings === undefined) throw new Error("a file without faults has settings");
  return { settings, data, tree, secrets: resolved.flatMap(({ found: paths }) => paths) };
}

interface ParsedInput {
  tree: YamlTree;
  faults: readonly Fault[];
  refused: readonly Refused[];
}

/** Where one file cannot be read at all, the faults of all are told, and nothing else. */
function parseAll(sources: readonly SourceText[]): ParsedInput[] {
  const usable: ParsedInput[] = [];
  const parsed = sources.map((source) => parseYaml(source));
  for (const { tree, faults, refused } of parsed) if (tree) usable.push({ tree, faults, refused });
  if (usable.length === sources.length) return usable;
  throw new ConfigError(
    "CONFIG_INVALID",
    parsed.flatMap(({ faults }) => faults),
  );
}

function sourceOf(input: ConfigInput): SourceText {
  if (typeof input === "string") return readSource(input);
  return decodeSource(input.file, Buffer.from(input.text));
}

function writtenIn(tree: ComposedTree, data: unknown): (path: Path) => Written {
  return (path) => {
    const node = tree.nodeAt(path);
    const text = isScalar(node) ? (node.source ?? String(node.value)) : undefined;
    return { value: valueAt(data, path), text, isSecret: node?.tag === SECRET_TAG };
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
