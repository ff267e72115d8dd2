/** Settings as a list of single values, by path: to be shown, and to be compared. Secrets are not in it. */
import { isMapping } from "../yaml/raw.ts";
import type { Path } from "../yaml/yaml-tree.ts";

const HIDDEN = "(secret)";

export interface FlatSetting {
  readonly path: Path;
  /** As JSON; empty mappings and lists count as values. */
  readonly text: string;
  /** False where a secret, or a part that tells one, is left out. */
  readonly isWhole: boolean;
}

/** What these hold is a secret, also where it was written into the file itself. */
const SECRET_KEYS: ReadonlySet<string | number | undefined> = new Set([
  "password",
  "key",
  "token",
  "secret",
  "connectionString",
]);
/** An address with a password in it. */
const TELLING_ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/[^/@]*:[^/@]*@/i;

/**
 * @param isLeaf where to stop although there is more below: a value that is written as one
 */
export function flatSettings(
  settings: unknown,
  secrets: readonly Path[],
  isLeaf: (path: Path) => boolean = () => false,
): FlatSetting[] {
  const hidden = new Set(secrets.map((path) => JSON.stringify(path)));
  const found: FlatSetting[] = [];
  const walk = (value: unknown, path: Path): void => {
    if (value === undefined) return;
    if (hidden.has(JSON.stringify(path)) || isTelling(value, path)) {
      return void found.push({ path, text: HIDDEN, isWhole: false });
    }
    if (typeof value === "string" && isOfWebhook(path)) {
      return void found.push({ path, text: JSON.stringify(hostOnly(value)), isWhole: false });
    }
    const below = entriesBelow(value);
    if (!below || below.length === 0 || isLeaf(path)) {
      found.push({ path, text: JSON.stringify(value), isWhole: true });
      return;
    }
    for (const [step, item] of below) walk(item, [...path, step]);
  };
  walk(settings, []);
  return found;
}

function isTelling(value: unknown, path: Path): boolean {
  if (typeof value !== "string") return false;
  return SECRET_KEYS.has(path.at(-1)) || TELLING_ADDRESS.test(value);
}

function isOfWebhook(path: Path): boolean {
  const [above, last] = path.slice(-2);
  return last === "webhook" || (above === "webhook" && last === "url");
}

/** Many a service knows who may write by what stands behind the host. */
function hostOnly(address: string): string {
  return address.replace(/^(https?:\/\/[^/?#]+).+$/i, "$1/…");
}

function entriesBelow(value: unknown): [string | number, unknown][] | undefined {
  if (Array.isArray(value)) return value.map((item: unknown, i) => [i, item]);
  return isMapping(value) ? Object.entries(value) : undefined;
}

export function pathText(path: Path): string {
  return path.join(".");
}

export interface SettingChange {
  readonly path: string;
  /** Undefined where it is new. */
  readonly before: string | undefined;
  /** Undefined where it is gone. */
  readonly after: string | undefined;
}

export function changesBetween(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): SettingChange[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].flatMap((path) => {
    const change = { path, before: before[path], after: after[path] };
    return change.before === change.after ? [] : [change];
  });
}

/** By their paths as text. */
export function byPath(flat: readonly FlatSetting[]): Record<string, string> {
  return Object.fromEntries(flat.map(({ path, text }) => [pathText(path), text]));
}
