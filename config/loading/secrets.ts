/**
 * Secrets stand in the file by name only, as `!secret NAME`. Their values come from systemd's
 * credentials directory, else from a file that only its owner and group may read, else from the
 * environment, and go nowhere but into the settings. `${NAME}` and `${NAME:?what to do}` name an
 * environment variable directly.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isScalar, parse } from "yaml";
import { messageOf, systemCodeOf } from "#core/errors.ts";
import type { Fault } from "../faults/faults.ts";
import { isMapping, mappingOf, textOf } from "../yaml/raw.ts";
import { SECRET_TAG, SecretReference } from "../yaml/secret-reference.ts";
import { type Path, pathOf, type Refused, spanOf, type YamlTree } from "../yaml/yaml-tree.ts";
import { walk } from "../yaml/yaml-walk.ts";

export interface SecretSources {
  /** systemd's `$CREDENTIALS_DIRECTORY`. */
  readonly credentialsDirectory?: string | undefined;
  /** A YAML file of `name: value`; it need not be there. */
  readonly secretsFile?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** As shells write it: a variable, and what to say where it is missing. */
const VARIABLE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::\?(.*))?\}$/;

/** Names become file names, so they hold no path. */
const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function variableOf(name: string): string {
  return `PENSTOCK_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
}

export interface ResolvedSecrets {
  readonly faults: readonly Fault[];
  /** Where a secret is missing: nothing else is to be said of its value. */
  readonly missing: readonly Refused[];
  /** Where a secret was put in. */
  readonly found: readonly Path[];
}

/** Puts the secrets' values in place of their references. */
export function resolveSecrets(tree: YamlTree, sources: SecretSources): ResolvedSecrets {
  const faults: Fault[] = [];
  const missing: Refused[] = [];
  const paths: Path[] = [];
  walk(tree.document, {
    value: (node, chain, isKey) => {
      if (isKey || !isScalar(node)) return;
      const found = lookedUp(node.value, sources);
      if (!found) return;
      const path = pathOf(chain);
      // Also what stands for an environment variable is not to be shown.
      node.tag = SECRET_TAG;
      if ("value" in found) {
        node.value = found.value;
        paths.push(path);
        return;
      }
      const span = spanOf(node) ?? { start: 0, end: 1 };
      faults.push(tree.source.fault(span, found.message, found.suggestion));
      missing.push({ path, on: "value" });
    },
  });
  return { faults, missing, found: paths };
}

/**
 * The same for data without a tree, in place: where secrets were put in. Undefined where one is missing.
 */
export function resolveSecretsIn(data: unknown, sources: SecretSources): Path[] | undefined {
  const paths: Path[] = [];
  const isComplete = resolveBelow(data, [], sources, paths);
  return isComplete ? paths : undefined;
}

function resolveBelow(data: unknown, path: Path, sources: SecretSources, paths: Path[]): boolean {
  if (!isMapping(data) && !Array.isArray(data)) return true;
  return Object.keys(data).every((key) => {
    const step = Array.isArray(data) ? Number(key) : key;
    const value: unknown = Reflect.get(data, key);
    const found = lookedUp(value, sources);
    if (!found) return resolveBelow(value, [...path, step], sources, paths);
    if (!("value" in found)) return false;
    Reflect.set(data, key, found.value);
    paths.push([...path, step]);
    return true;
  });
}

/** Undefined for a value that is no reference, or one that is refused with the YAML's other faults. */
function lookedUp(value: unknown, sources: SecretSources): Found | undefined {
  if (value instanceof SecretReference) {
    return value.name === "" ? undefined : find(value.name, sources);
  }
  if (typeof value !== "string") return undefined;
  const [reference, variable = "", message] = VARIABLE.exec(value) ?? [];
  return reference === undefined ? undefined : findVariable(variable, message, sources);
}

function findVariable(
  variable: string,
  message: string | undefined,
  { environment }: SecretSources,
): Found {
  const value = environment[variable];
  if (value !== undefined && value !== "") return { value };
  const why = `the environment variable ${variable} is not set, or is empty`;
  return { message: why, suggestion: message ?? `set ${variable}` };
}

type Found = { value: string } | { message: string; suggestion: string };

function find(name: string, sources: SecretSources): Found {
  if (!SECRET_NAME.test(name)) {
    const rule = "a secret's name has letters, digits, dots, dashes or underscores";
    const suggestion = `${rule}: the value itself does not belong here`;
    return { message: `"${name}" cannot name a secret`, suggestion };
  }
  try {
    const value = lookUp(name, sources);
    return value === undefined ? missingSecret(name, sources) : { value };
  } catch (error) {
    const message = `the secret "${name}" cannot be read: ${messageOf(error)}`;
    return { message, suggestion: "see who may read it, and that it is a file" };
  }
}

function lookUp(name: string, sources: SecretSources): string | undefined {
  const value =
    readCredential(name, sources.credentialsDirectory) ??
    readSecretsFile(name, sources.secretsFile) ??
    sources.environment[variableOf(name)];
  // An installation makes empty credential files, because systemd refuses to start without them.
  return value === "" ? undefined : value;
}

function readCredential(name: string, directory: string | undefined): string | undefined {
  if (directory === undefined) return undefined;
  try {
    const text = readFileSync(join(directory, name), "utf8").replace(/\r?\n$/, "");
    return text === "" ? undefined : text;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Read or write for everybody. */
const OTHERS = 0o006;

/** @throws Error where others may read the file, or it is not `name: value` */
function readSecretsFile(name: string, file: string | undefined): string | undefined {
  const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
  if (file === undefined || !stat) return undefined;
  if ((stat.mode & OTHERS) !== 0) {
    throw new Error(`everybody may read ${file}: chmod 640 ${file}`);
  }
  const secrets: unknown = parse(readFileSync(file, "utf8"), { schema: "failsafe" });
  const value = mappingOf(secrets)[name];
  return value === undefined ? undefined : textOf(value);
}

function missingSecret(name: string, sources: SecretSources): Found {
  const variable = variableOf(name);
  const { credentialsDirectory: directory, secretsFile: file } = sources;
  const places = [
    ...(directory === undefined ? [] : [`put it into ${join(directory, name)}`]),
    ...(file === undefined ? [] : [`add it to ${file}`]),
  ];
  const suggestion =
    places.length === 0
      ? `set the environment variable ${variable}`
      : `${places.join(", or ")}, or set ${variable}`;
  return { message: `the secret "${name}" is not set, or is empty`, suggestion };
}
