/**
 * Secrets stand in the file by name only, as `!secret NAME`. Their values come from systemd's
 * credentials directory, else from the environment, and go nowhere but into the settings.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { visit } from "yaml";
import { messageOf, systemCodeOf } from "#core/errors.ts";
import type { Fault } from "./faults.ts";
import { pathOf, type Refused, spanOf, type YamlTree } from "./yaml-tree.ts";

/** The value that the parser gives to `!secret NAME`. */
export class SecretReference {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export interface SecretSources {
  /** systemd's `$CREDENTIALS_DIRECTORY`. */
  readonly credentialsDirectory?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Names become file names, so they hold no path. */
const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function variableOf(name: string): string {
  return `PENSTOCK_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
}

export interface ResolvedSecrets {
  readonly faults: readonly Fault[];
  /** Where a secret is missing: nothing else is to be said of its value. */
  readonly missing: readonly Refused[];
}

/** Puts the secrets' values in place of their references. */
export function resolveSecrets(tree: YamlTree, sources: SecretSources): ResolvedSecrets {
  const faults: Fault[] = [];
  const missing: Refused[] = [];
  visit(tree.document, {
    Scalar: (_key, node, ancestors) => {
      if (!(node.value instanceof SecretReference)) return;
      const { name } = node.value;
      if (name === "") return; // Refused with the YAML's other faults.
      const found = find(name, sources);
      if ("value" in found) {
        node.value = found.value;
        return;
      }
      const span = spanOf(node) ?? { start: 0, end: 1 };
      faults.push(tree.source.fault(span, found.message, found.suggestion));
      missing.push({ path: pathOf([...ancestors, node]), on: "value" });
    },
  });
  return { faults, missing };
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
  const fromFile = readCredential(name, sources.credentialsDirectory);
  const value = fromFile ?? sources.environment[variableOf(name)];
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

function missingSecret(name: string, sources: SecretSources): Found {
  const variable = variableOf(name);
  const suggestion =
    sources.credentialsDirectory === undefined
      ? `set the environment variable ${variable}`
      : `put it into ${join(sources.credentialsDirectory, name)}, or set ${variable}`;
  return { message: `the secret "${name}" is not set, or is empty`, suggestion };
}
