/**
 * The quick way to a configuration that has no faults: without the place of each value. Where
 * anything is not as it should be, nothing comes of it, and the full way tells what.
 */

import { parseYaml } from "../yaml/parse-yaml.ts";
import { readPlainYaml } from "../yaml/plain-yaml.ts";
import { SourceText } from "../yaml/source-text.ts";
import type { Outline, Path, YamlTree } from "../yaml/yaml-tree.ts";
import { ComposedTree } from "./composed-tree.ts";
import { type FileKind, type LoadedFile, NOTHING_TO_EXPAND } from "./file-kind.ts";
import { mergeFiles, type ParsedFile } from "./merge-files.ts";
import { resolveSecretsIn, type SecretSources } from "./secrets.ts";

/** What a secret or a variable begins with. */
const NAMES_SECRETS = /!secret|\$\{/;

export function loadPlainFile<T>(
  sources: readonly SourceText[],
  secrets: SecretSources,
  kind: FileKind<T>,
): LoadedFile<T> | undefined {
  const { schema, check, expand = NOTHING_TO_EXPAND } = kind;
  const { parse = (whole) => schema.safeParse(whole).data } = kind;
  const files: PlainFile[] = [];
  const found: Path[] = [];
  for (const source of sources) {
    const data = readPlainYaml(source.text);
    if (data === undefined) return undefined;
    const paths = NAMES_SECRETS.test(source.text) ? resolveSecretsIn(data, secrets) : [];
    if (!paths) return undefined;
    files.push(new PlainFile(source, data));
    found.push(...paths);
  }
  const [main, ...others] = files;
  if (!main) return undefined;
  const merged = mergeFiles(main, others);
  if (merged.faults.length > 0) return undefined;
  const { data, problems, faults } = expand(merged.data);
  if (problems.length > 0 || faults.length > 0) return undefined;
  const settings = parse(data);
  if (settings === undefined) return undefined;
  const loaded = new LoadedPlainFile(settings, data, found, files);
  return check(data, loaded.outline).length > 0 ? undefined : loaded;
}

/** A file whose tree is made when somebody asks for it. */
class PlainFile implements ParsedFile {
  readonly data: unknown;
  readonly #source: SourceText;
  #tree: YamlTree | undefined;

  constructor(source: SourceText, data: unknown) {
    this.#source = source;
    this.data = data;
  }

  get tree(): YamlTree {
    this.#tree ??= this.#parse();
    return this.#tree;
  }

  /** In a text of its own: parsing counts the text's lines. */
  #parse(): YamlTree {
    const { file, text } = this.#source;
    const { tree } = parseYaml(new SourceText(file, text));
    if (!tree) throw new Error(`${file} is plain, and cannot be parsed`);
    return tree;
  }
}

class LoadedPlainFile<T> implements LoadedFile<T> {
  readonly settings: T;
  readonly data: unknown;
  readonly secrets: readonly Path[];
  readonly #files: readonly PlainFile[];
  #tree: ComposedTree | undefined;

  constructor(settings: T, data: unknown, secrets: readonly Path[], files: readonly PlainFile[]) {
    this.settings = settings;
    this.data = data;
    this.secrets = secrets;
    this.#files = files;
  }

  get tree(): ComposedTree {
    this.#tree ??= this.#compose();
    return this.#tree;
  }

  /** Checks ask for places only where they find something. */
  get outline(): Outline {
    return {
      placeOf: (path) => this.tree.placeOf(path),
      has: (path) => this.tree.has(path),
    };
  }

  #compose(): ComposedTree {
    const [main, ...others] = this.#files.map(({ tree }) => tree);
    if (!main) throw new Error("there is one file at least");
    return new ComposedTree(main, others);
  }
}
