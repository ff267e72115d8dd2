/**
 * Turns what zod finds into what a technician did. A misspelt key shows up twice, as a key that is
 * unknown and as one that is missing: that is one problem. Of a choice between shapes only the one
 * that was probably meant is spoken of.
 */
import { z } from "zod";
import type { Path, Problem } from "../yaml/yaml-tree.ts";
import { exampleAt, lastOf, ownerAdvice, pairTypos } from "./key-faults.ts";
import { adviceForName } from "./name-advice.ts";
import { adviceFor, messageFor, NO_MESSAGE, type Written } from "./schema-messages.ts";

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
  const result = schema.safeParse(data, { error: () => NO_MESSAGE, reportInput: true });
  if (result.success) return { settings: result.data, problems: [] };
  const issues = result.error.issues.flatMap((issue) => flatten(issue, []));
  const missing = issues.filter((issue) => isMissing(issue, writtenAt));
  const unknown = issues.flatMap(unknownKeysOf);
  const rest = issues.filter(
    (issue) => issue.code !== "unrecognized_keys" && !missing.includes(issue),
  );
  const paired = pairTypos(schema, missing.map(pathOf), unknown);
  const others = rest.map((issue) => problemOf(schema, issue, writtenAt));
  return { settings: undefined, problems: [...paired, ...others] };
}

/** Replaces a choice's issue by those of the shape that needs the fewest corrections. */
function flatten(issue: Issue, above: readonly PropertyKey[]): Issue[] {
  const path = [...above, ...issue.path];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ ...issue, path }];
  const branches = issue.errors.map((errors) => errors.flatMap((error) => flatten(error, path)));
  const costs = branches.map((branch) => costOf(branch, path));
  const meant = branches[costs.indexOf(Math.min(...costs))] ?? [];
  // Where the word that decides between the shapes is wrong, what follows from it is noise.
  const kind = meant.find((found) => decidesKind(found) && found.path.length === path.length + 1);
  return kind ? [kind] : meant;
}

function decidesKind(issue: Issue): boolean {
  return issue.code === "invalid_value" && issue.values.length === 1 && issue.input !== undefined;
}

/**
 * A text where a shape wants a mapping, or the other way round, is not a text that went wrong; nor is
 * anything a misspelt `off`.
 */
const OTHER_KIND_COST = 100;

function costOf(issues: readonly Issue[], path: readonly PropertyKey[]): number {
  return issues.reduce((cost, issue) => {
    if (issue.code === "unrecognized_keys") return cost + issue.keys.length;
    const isWord = issue.code === "invalid_value" && issue.values.length === 1;
    const isOfShape = issue.path.length === path.length;
    const isOtherKind = isOfShape && (isWord || issue.code === "invalid_type");
    return cost + (isOtherKind ? OTHER_KIND_COST : 1);
  }, 0);
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

function problemOf(schema: z.ZodType, issue: Issue, writtenAt: (path: Path) => Written): Problem {
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
  const misplaced = issue.code === "invalid_type" && /object|record/.test(issue.expected);
  const owner = misplaced
    ? (ownerAdvice(schema, path) ?? exampleAt(schema, path, written.value))
    : undefined;
  const suggestion = owner ?? adviceFor(issue, written);
  return { path, on: "value", message, suggestion };
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

function labelOf(path: Path): string {
  if (path.length === 0) return "";
  const last = path.at(-1);
  return typeof last === "number" ? `${path.at(-2)}[${last}]: ` : `${last}: `;
}
