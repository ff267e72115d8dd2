/** Keys that a schema does not know, and keys that it misses. */
import type { z } from "zod";
import type { Path, Problem } from "../yaml/yaml-tree.ts";
import { nearest } from "./nearest.ts";
import { ourKeyFor } from "./other-words.ts";
import { onlyValueOf, shapesAt } from "./schema-shape.ts";

/** One problem for an unknown and a missing key of one mapping that are the same key misspelt. */
export function pairTypos(
  schema: z.ZodType,
  missing: readonly Path[],
  unknown: readonly Path[],
): Problem[] {
  const left = new Set(missing);
  const problems: Problem[] = [];
  for (const path of unknown) {
    const siblings = [...left].filter((other) => sameParent(other, path));
    const meant = gluedOf(path, siblings) ?? meantBy(path, siblings, unknown);
    if (meant) left.delete(meant);
    problems.push(unknownKey(schema, path, meant));
  }
  return [...problems, ...Array.from(left, (path) => missingKey(schema, path))];
}

function meantBy(path: Path, missing: readonly Path[], unknown: readonly Path[]): Path | undefined {
  const wanted = missing.map(lastOf);
  const name = nearest(lastOf(path), wanted) ?? ourKeyFor(lastOf(path), wanted);
  const near = missing.find((other) => lastOf(other) === name);
  if (near) return near;
  const alone = unknown.filter((other) => sameParent(other, path)).length === 1;
  return alone && missing.length === 1 ? missing[0] : undefined;
}

function unknownKey(schema: z.ZodType, path: Path, meant: Path | undefined): Problem {
  const name = lastOf(path);
  const parent = path.slice(0, -1);
  const on = "key";
  const glued = gluedAdvice(name);
  if (glued !== undefined) return { path, on, message: `unknown key "${name}"`, suggestion: glued };
  if (meant) {
    const wanted = lastOf(meant);
    const also = nearest(name, [wanted]) === undefined ? `, and "${wanted}" is missing` : "";
    const suggestion = `did you mean "${wanted}"?`;
    return { path, on, message: `unknown key "${name}"${also}`, suggestion };
  }
  if (keysAt(schema, parent).includes(name)) {
    const message = `"${name}" does not go with the other keys here`;
    return { path, on, message, suggestion: choicesAt(schema, parent) };
  }
  return { path, on, message: `unknown key "${name}"`, suggestion: suggestKey(schema, path) };
}

function suggestKey(schema: z.ZodType, path: Path): string {
  const name = lastOf(path);
  const parent = path.slice(0, -1);
  const known = keysAt(schema, parent);
  const near = ourKeyFor(name, known) ?? nearest(name, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  const inside = known.find((key) => keysAt(schema, [...parent, key]).includes(name));
  if (inside !== undefined) return `"${name}" belongs below "${inside}"`;
  return ownerAdvice(schema, path) ?? `known here: ${known.join(", ")}`;
}

/** `modbus:tcp` is one word to YAML, and so it is with a blank that only looks like one. */
const GLUED = /^([\w-]+):\s*(.+)$/u;

function gluedAdvice(name: string): string | undefined {
  const [, key = "", value = ""] = GLUED.exec(name) ?? [];
  return key === "" ? undefined : `an ordinary blank must follow the colon: ${key}: ${value}`;
}

function gluedOf(path: Path, missing: readonly Path[]): Path | undefined {
  const [, key] = GLUED.exec(lastOf(path)) ?? [];
  return missing.find((other) => lastOf(other) === key);
}

/** Where a key belongs that a mapping further out knows: its line is indented too far. */
export function ownerAdvice(schema: z.ZodType, path: Path): string | undefined {
  const name = lastOf(path);
  for (let length = path.length - 2; length >= 0; length--) {
    const above = path.slice(0, length);
    if (!keysAt(schema, above).includes(name)) continue;
    const place = length === 0 ? "the top level" : `"${above.join(".")}"`;
    return `"${name}" belongs to ${place}: check the indentation`;
  }
  return undefined;
}

function missingKey(schema: z.ZodType, path: Path): Problem {
  const parent = path.slice(0, -1);
  const name = lastOf(path);
  const place = parent.length === 0 ? "" : ` in ${parent.join(".")}`;
  const suggestion = choicesAt(schema, parent) ?? addition(schema, path);
  return { path, on: "value", message: `"${name}" is missing${place}`, suggestion };
}

/** A key alone tells little to whoever did not know that it was needed. */
function addition(schema: z.ZodType, path: Path): string {
  const name = lastOf(path);
  const [shape = {}] = shapesAt(schema, path.slice(0, -1));
  const only = shape[name] && onlyValueOf(shape[name]);
  if (only !== undefined) return `add "${name}: ${only}"`;
  const meaning = shape[name]?.description;
  return `add "${name}: …"${meaning === undefined ? "" : `: ${meaning.replace(/\.$/, "")}`}`;
}

/** How a mapping begins where somebody wrote one value alone; undefined where nothing is clear. */
export function exampleAt(schema: z.ZodType, path: Path, value: unknown): string | undefined {
  if (typeof value === "object") return undefined;
  const [shape = {}] = shapesAt(schema, path);
  if (typeof value === "number" && "register" in shape)
    return `write it like this: { register: ${value} }`;
  const required = requiredIn(shape);
  return required.length === 0 ? undefined : `it is a mapping with ${allOf(required)}`;
}

function requiredIn(shape: ReturnType<typeof shapesAt>[number]): string[] {
  return Object.keys(shape).filter((key) => !shape[key]?.safeParse(undefined).success);
}

/** What each of several possible shapes needs; undefined where there is only one. */
function choicesAt(schema: z.ZodType, path: Path): string | undefined {
  const shapes = shapesAt(schema, path);
  if (shapes.length < 2) return undefined;
  const needs = shapes.map((shape) => allOf(requiredIn(shape)));
  return `it takes one of these: ${needs.join("; ")}`;
}

/** `a, b and c`. */
function allOf(keys: readonly string[]): string {
  return keys.length < 2 ? keys.join("") : `${keys.slice(0, -1).join(", ")} and ${keys.at(-1)}`;
}

function keysAt(schema: z.ZodType, path: Path): string[] {
  return [...new Set(shapesAt(schema, path).flatMap(Object.keys))];
}

export function lastOf(path: Path): string {
  return String(path.at(-1) ?? "");
}

function sameParent(a: Path, b: Path): boolean {
  return a.length === b.length && a.slice(0, -1).every((step, i) => step === b[i]);
}
