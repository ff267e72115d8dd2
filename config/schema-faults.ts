/**
 * Turns what zod finds into what a technician did. A misspelt key shows up twice, as a key that is
 * unknown and as one that is missing: that is one problem. Of a choice between shapes only the one
 * that was probably meant is spoken of.
 */
import { z } from "zod";
import { nearest } from "./nearest.ts";
import { adviceFor, messageFor, NO_MESSAGE, type Written } from "./schema-messages.ts";
import { shapesAt } from "./schema-shape.ts";
import type { Path, Problem } from "./yaml-tree.ts";

type Issue = z.core.$ZodIssue;

export interface Validated<T> {
  /** Undefined where there are problems. */
  readonly settings: T | undefined;
  readonly problems: readonly Problem[];
}

/** @param writtenAt the value at a path, as it stands in the file */
export function validate<T>(
  schema: z.ZodType<T>,
  data: unknown,
  writtenAt: (path: Path) => Written,
): Validated<T> {
  const result = schema.safeParse(data, { error: () => NO_MESSAGE });
  if (result.success) return { settings: result.data, problems: [] };
  const issues = result.error.issues.flatMap((issue) => flatten(issue, []));
  const missing = issues.filter((issue) => isMissing(issue, writtenAt));
  const unknown = issues.flatMap(unknownKeysOf);
  const rest = issues.filter(
    (issue) => issue.code !== "unrecognized_keys" && !missing.includes(issue),
  );
  const paired = pairTypos(schema, missing.map(pathOf), unknown);
  return {
    settings: undefined,
    problems: [...paired, ...rest.map((issue) => problemOf(issue, writtenAt))],
  };
}

/** Replaces a choice's issue by those of the shape that needs the fewest corrections. */
function flatten(issue: Issue, above: readonly PropertyKey[]): Issue[] {
  const path = [...above, ...issue.path];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ ...issue, path }];
  const branches = issue.errors.map((errors) => errors.flatMap((error) => flatten(error, path)));
  return branches.reduce((best, branch) => (costOf(branch) < costOf(best) ? branch : best));
}

function costOf(issues: readonly Issue[]): number {
  return issues.reduce(
    (cost, issue) => cost + (issue.code === "unrecognized_keys" ? issue.keys.length : 1),
    0,
  );
}

function isMissing(issue: Issue, writtenAt: (path: Path) => Written): boolean {
  const absent = issue.code === "invalid_type" || issue.code === "invalid_value";
  return absent && writtenAt(pathOf(issue)).value === undefined;
}

function pathOf(issue: Issue): Path {
  return issue.path.map((step) => (typeof step === "number" ? step : String(step)));
}

function unknownKeysOf(issue: Issue): Path[] {
  if (issue.code !== "unrecognized_keys") return [];
  return issue.keys.map((key) => [...pathOf(issue), key]);
}

/** One problem for an unknown and a missing key of one mapping that are the same key misspelt. */
function pairTypos(
  schema: z.ZodType,
  missing: readonly Path[],
  unknown: readonly Path[],
): Problem[] {
  const left = new Set(missing);
  const problems: Problem[] = [];
  for (const path of unknown) {
    const siblings = [...left].filter((other) => sameParent(other, path));
    const meant = meantBy(path, siblings, unknown);
    if (meant) left.delete(meant);
    problems.push(unknownKey(schema, path, meant));
  }
  return [...problems, ...Array.from(left, missingKey)];
}

function meantBy(path: Path, missing: readonly Path[], unknown: readonly Path[]): Path | undefined {
  const name = nearest(lastOf(path), missing.map(lastOf));
  const near = missing.find((other) => lastOf(other) === name);
  if (near) return near;
  const alone = unknown.filter((other) => sameParent(other, path)).length === 1;
  return alone && missing.length === 1 ? missing[0] : undefined;
}

function unknownKey(schema: z.ZodType, path: Path, meant: Path | undefined): Problem {
  const name = lastOf(path);
  const message =
    meant && nearest(name, [lastOf(meant)]) === undefined
      ? `unknown key "${name}", and "${lastOf(meant)}" is missing`
      : `unknown key "${name}"`;
  const suggestion = meant
    ? `did you mean "${lastOf(meant)}"?`
    : suggestKey(schema, path.slice(0, -1), name);
  return { path, on: "key", message, suggestion };
}

function suggestKey(schema: z.ZodType, parent: Path, name: string): string {
  const known = keysAt(schema, parent);
  const near = nearest(name, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  const inside = known.find((key) => keysAt(schema, [...parent, key]).includes(name));
  if (inside !== undefined) return `"${name}" belongs below "${inside}"`;
  for (let length = parent.length - 1; length >= 0; length--) {
    const above = parent.slice(0, length);
    if (!keysAt(schema, above).includes(name)) continue;
    const place = length === 0 ? "the top level" : `"${above.join(".")}"`;
    return `"${name}" belongs to ${place}: check the indentation`;
  }
  return `known here: ${known.join(", ")}`;
}

function keysAt(schema: z.ZodType, path: Path): string[] {
  return [...new Set(shapesAt(schema, path).flatMap(Object.keys))];
}

function missingKey(path: Path): Problem {
  const parent = path.slice(0, -1);
  const place = parent.length === 0 ? "" : ` in ${parent.join(".")}`;
  return { path, on: "value", message: `"${lastOf(path)}" is missing${place}` };
}

function problemOf(issue: Issue, writtenAt: (path: Path) => Written): Problem {
  const path = pathOf(issue);
  if (issue.code === "invalid_key") {
    const [reason] = issue.issues;
    const message = `"${lastOf(path)}" cannot be a name: ${reason?.message ?? "not accepted"}`;
    return { path, on: "key", message, suggestion: adviceForName(lastOf(path)) };
  }
  const written = writtenAt(path);
  if (written.value === null) return emptyValue(path);
  if (written.isSecret) return unfitSecret(path);
  const message = `${labelOf(path)}${messageFor(issue, written)}`;
  return { path, on: "value", message, suggestion: adviceFor(issue, written) };
}

function emptyValue(path: Path): Problem {
  const suggestion = "give it a value, or remove the line; what belongs to it is indented below it";
  return { path, on: "value", message: `"${lastOf(path)}" has no value`, suggestion };
}

/** Says nothing of the value: a message of the schema could quote it. */
function unfitSecret(path: Path): Problem {
  const message = `${labelOf(path)}the secret's value has not the form that is expected here`;
  return { path, on: "value", message, suggestion: "look at what it is set to" };
}

function adviceForName(name: string): string | undefined {
  const plain = name
    .replaceAll("ß", "ss")
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[^A-Za-z0-9]+|-+$/g, "")
    .slice(0, 64);
  return plain === "" ? undefined : `write it like this: ${plain}`;
}

function labelOf(path: Path): string {
  if (path.length === 0) return "";
  const last = path.at(-1);
  return typeof last === "number" ? `${path.at(-2)}[${last}]: ` : `${last}: `;
}

function lastOf(path: Path): string {
  return String(path.at(-1) ?? "");
}

function sameParent(a: Path, b: Path): boolean {
  return a.length === b.length && a.slice(0, -1).every((step, i) => step === b[i]);
}
