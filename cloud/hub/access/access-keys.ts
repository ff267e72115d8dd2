/**
 * Shared access policies of the hub. Without configured ones, a key is generated once and kept in the
 * data folder, so that a restarted hub accepts its clients' tokens.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PenstockError } from "#core/errors.ts";
import { makeDurableFolder, writeDurably } from "../durable-file.ts";

export type AccessRight = "Manage" | "Send" | "Listen";

export interface AccessPolicy {
  name: string;
  key: string;
  rights: readonly AccessRight[];
}

export interface AccessKey {
  key: string;
  rights: ReadonlySet<AccessRight>;
}

const ALL_RIGHTS: readonly AccessRight[] = ["Manage", "Send", "Listen"];
const KEYS_FILE = "keys.json";
const KEY_BYTES = 32;

export class AccessKeys {
  readonly #keys = new Map<string, AccessKey>();
  /** The policy that the hub's own connection string names. */
  readonly first: AccessPolicy;

  /** Takes at least one policy. */
  constructor(policies: readonly AccessPolicy[]) {
    const [first] = policies;
    if (!first) throw new PenstockError("CONFIG_INVALID", "The hub needs at least one access key.");
    this.first = first;
    for (const { name, key, rights } of policies) {
      this.#keys.set(name, { key, rights: new Set(rights) });
    }
  }

  find(name: string): AccessKey | undefined {
    return this.#keys.get(name);
  }

  /** The key if name and password fit, as PLAIN needs it; in constant time for a known name. */
  login(name: string, password: string): AccessKey | undefined {
    const key = this.#keys.get(name);
    return timingSafeEqual(digest(key?.key ?? ""), digest(password)) ? key : undefined;
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Reads policies from a JSON file: `[{"name", "key", "rights": ["Send"]}]`; throws `CONFIG_INVALID`. */
export function readAccessPolicies(path: string): AccessPolicy[] {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new PenstockError("CONFIG_INVALID", `The key file ${path} is not readable JSON.`, {
      cause: error,
    });
  }
  if (!Array.isArray(found) || found.length === 0 || !found.every(isPolicy)) {
    const form = '[{"name": "…", "key": "…", "rights": ["Manage", "Send", "Listen"]}]';
    throw new PenstockError("CONFIG_INVALID", `The key file ${path} must hold ${form}.`);
  }
  return found;
}

function isPolicy(value: unknown): value is AccessPolicy {
  if (typeof value !== "object" || value === null) return false;
  if (!("name" in value && "key" in value && "rights" in value)) return false;
  const { name, key, rights } = value;
  const known: readonly unknown[] = ALL_RIGHTS;
  return (
    typeof name === "string" &&
    name !== "" &&
    typeof key === "string" &&
    key !== "" &&
    Array.isArray(rights) &&
    rights.every((right) => known.includes(right))
  );
}

/** The policies kept in the folder, made (with one random key for all rights) when there are none. */
export function generatedPolicies(folder: string): AccessPolicy[] {
  const path = join(folder, KEYS_FILE);
  if (existsSync(path)) return readAccessPolicies(path);
  makeDurableFolder(folder);
  const key = randomBytes(KEY_BYTES).toString("base64");
  const policies = [{ name: "RootManageSharedAccessKey", key, rights: ALL_RIGHTS }];
  writeDurably(path, `${JSON.stringify(policies, null, 2)}\n`);
  return policies;
}
