/** A Markdown table of all keys of a JSON Schema. */
import type { z } from "zod";
import { isMapping } from "./yaml/raw.ts";

/** The parts of JSON Schema that our schemas come out as. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

interface Row {
  readonly key: string;
  readonly type: string;
  readonly fallback: string;
  readonly meaning: string;
}

export function keyTable(schema: JsonSchema): string {
  const lines = rowsBelow(schema, "").map(
    (row) => `| ${row.key} | ${row.type} | ${row.fallback} | ${row.meaning} |`,
  );
  return ["| key | type | default | meaning |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

function rowsBelow(schema: JsonSchema, prefix: string): Row[] {
  const { properties, required = [], additionalProperties, items, anyOf } = schema;
  if (isChoice(schema)) return choiceRows(anyOf ?? [], prefix);
  const named = Object.entries(properties ?? {}).flatMap(([key, value]) => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    return rowsOf(schemaOf(value), path, required.includes(key));
  });
  const item = typeof items === "object" && !Array.isArray(items) ? items : undefined;
  if (item) return rowsBelow(item, `${prefix}[]`);
  return typeof additionalProperties === "object"
    ? [...named, ...rowsBelow(additionalProperties, `${prefix}.NAME`)]
    : named;
}

function rowsOf(schema: JsonSchema, path: string, isRequired: boolean): Row[] {
  const row: Row = {
    key: `\`${path}\``,
    type: typeOf(schema),
    fallback: fallbackOf(schema, isRequired),
    meaning: escape(schema.description ?? ""),
  };
  return [row, ...rowsBelow(schema, path)];
}

/** Several shapes: each one's keys after a line that says so. */
function choiceRows(options: readonly unknown[], prefix: string): Row[] {
  return options.flatMap((option, i) => {
    const schema = schemaOf(option);
    const keys = (schema.required ?? []).map((key) => `\`${key}\``).join(", ");
    const other = schema.items ? "a list:" : `${typeOf(schema)} alone.`;
    const some = keys === "" ? "some of these:" : `with ${keys}:`;
    const shape = schema.properties ? some : other;
    const meaning = `${i === 0 ? "Either" : "Or"} ${shape}`;
    return [{ key: "", type: "", fallback: "", meaning }, ...rowsBelow(schema, prefix)];
  });
}

/** A choice between mappings, as opposed to one between plain values. */
function isChoice({ anyOf }: JsonSchema): boolean {
  return anyOf?.some((option) => schemaOf(option).properties !== undefined) ?? false;
}

function typeOf(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (isChoice(schema)) return "mapping";
  if (schema.anyOf) return schema.anyOf.map((option) => typeOf(schemaOf(option))).join(", ");
  switch (schema.type) {
    case "object":
      return "mapping";
    case "array":
      return "list";
    case "boolean":
      return "`true`, `false`";
    case "string":
      return "text";
    default:
      return `${schema.type === "integer" ? "whole number" : "number"}${rangeOf(schema)}`;
  }
}

function rangeOf({ minimum, maximum }: JsonSchema): string {
  const high = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const low = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  if (low !== undefined && high !== undefined) return ` ${low} to ${high}`;
  return low === undefined ? "" : ` from ${low}`;
}

function fallbackOf(schema: JsonSchema, isRequired: boolean): string {
  const { default: value } = schema;
  if (value === undefined) return isRequired ? "" : "optional";
  if (typeof value === "object") return "optional";
  const text = JSON.stringify(value);
  return `\`${typeof value === "string" ? text.slice(1, -1) : text}\``;
}

function schemaOf(value: unknown): JsonSchema {
  return isMapping(value) ? value : {};
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|");
}
