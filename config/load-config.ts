/**
 * Loads a configuration file: all of it is right, or nothing is opened. As many faults as can be
 * found at once are told, by file, line and column. Nothing but the file and its secrets is read.
 */
import { isScalar } from "yaml";
import type { z } from "zod";
import { ConfigError, type Fault } from "./faults.ts";
import { type GatewaySettings, gatewaySchema } from "./gateway.ts";
import { checkGateway } from "./gateway-checks.ts";
import { parseYaml } from "./parse-yaml.ts";
import { isMapping } from "./raw.ts";
import { decodeSource, readSource } from "./read-source.ts";
import { validate } from "./schema-faults.ts";
import type { Written } from "./schema-messages.ts";
import { resolveSecrets, type SecretSources } from "./secrets.ts";
import { type SinkSettings, sinkSchema } from "./sink.ts";
import type { SourceText } from "./source-text.ts";
import type { Path, Problem, Refused, YamlTree } from "./yaml-tree.ts";

/** The file's path, or its text under a name to be used in messages. */
export type ConfigInput = string | { readonly file: string; readonly text: string };

/** Where this process finds its secrets. */
function secretSources(): SecretSources {
  const { env } = process;
  return { credentialsDirectory: env["CREDENTIALS_DIRECTORY"], environment: env };
}

/** @throws ConfigError CONFIG_UNREADABLE, CONFIG_INVALID */
export function loadGateway(input: ConfigInput, secrets = secretSources()): GatewaySettings {
  return load(input, secrets, gatewaySchema, checkGateway);
}

/** @throws ConfigError CONFIG_UNREADABLE, CONFIG_INVALID */
export function loadSink(input: ConfigInput, secrets = secretSources()): SinkSettings {
  return load(input, secrets, sinkSchema, () => []);
}

type CrossCheck = (data: unknown, tree: YamlTree) => Problem[];

function load<T>(
  input: ConfigInput,
  secrets: SecretSources,
  schema: z.ZodType<T>,
  crossCheck: CrossCheck,
): T {
  const source = sourceOf(input);
  const { tree, faults, refused } = parseYaml(source);
  if (!tree) throw new ConfigError("CONFIG_INVALID", faults);
  const resolved = resolveSecrets(tree, secrets);
  const data: unknown = tree.document.toJS();
  const { settings, problems } = validate(schema, data, writtenIn(tree, data));
  const spoken = [...refused, ...resolved.missing];
  const shaped = problems.filter((problem) => !spoken.some((other) => isSpokenOf(other, problem)));
  const crossed = crossCheck(data, tree).filter(
    (problem) => ![...spoken, ...shaped].some(({ path }) => startsWith(problem.path, path)),
  );
  const found = [...shaped, ...crossed].map((problem) => tree.fault(problem));
  const all: Fault[] = [...faults, ...resolved.faults, ...found];
  if (all.length > 0) throw new ConfigError("CONFIG_INVALID", all);
  if (settings === undefined) throw new Error("a file without faults has settings");
  return settings;
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
