/** What a value should have been and what it is, in words; and what to write instead. */
import type { z } from "zod";
import { mappingOf } from "../yaml/raw.ts";
import { formAdvice } from "./form-advice.ts";
import { nearest } from "./nearest.ts";
import { ourValueFor } from "./other-words.ts";
import { listed, quantityAdvice } from "./unit-advice.ts";

/** Marks an issue to which the schema itself gave no message. */
export const NO_MESSAGE = "\u0000";

/** A value with the text by which it stands in the file. */
export interface Written {
  readonly value: unknown;
  /** Undefined for a mapping or a list. */
  readonly text: string | undefined;
  /** A secret's value must not be repeated. */
  readonly isSecret: boolean;
}

type Issue = z.core.$ZodIssue;

const EXPECTED: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping (key: value)",
  record: "a mapping (name: …)",
  array: "a list ([…], or lines that begin with -)",
};

const EMPTY = "write something between the quotes, or remove the key";

const ORDER_ADVICE =
  "the letters are the value's bytes as they come, A the most significant; `penstock probe` finds the order";

/** `> 90`, where the key says already which way. */
const COMPARED = /^[<>=≤≥]+\s*(-?\d+(?:\.\d+)?)$/;

/** Longer values are cut in messages. */
const QUOTED_LENGTH_MAX = 40;

export function messageFor(issue: Issue, written: Written): string {
  if (issue.message !== NO_MESSAGE) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return `expected ${EXPECTED[issue.expected] ?? issue.expected}, found ${found(written)}`;
    case "invalid_value":
      return `expected ${listed(issue.values.map(String))}, found ${found(written)}`;
    case "too_small":
      return tooSmall(issue, written);
    case "too_big":
      return tooBig(issue, written);
    case "invalid_format":
      return `${found(written)} has not the form that is expected here`;
    default:
      return "this value is not accepted here";
  }
}

function tooSmall(issue: z.core.$ZodIssueTooSmall, written: Written): string {
  if (issue.origin === "string") return "must not be empty";
  if (issue.origin === "array") return "the list must not be empty";
  return `${found(written)} is too small: at least ${issue.minimum}`;
}

function tooBig(issue: z.core.$ZodIssueTooBig, written: Written): string {
  if (issue.origin === "string") return `too long: at most ${issue.maximum} characters`;
  return `${found(written)} is too large: at most ${issue.maximum}`;
}

function found({ value, text }: Written): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const written = text ?? JSON.stringify(value);
  const cut =
    written.length > QUOTED_LENGTH_MAX ? `${written.slice(0, QUOTED_LENGTH_MAX)}…` : written;
  return typeof value === "string" ? `the text "${cut}"` : cut;
}

/** What to write instead, where that can be told. */
export function adviceFor(issue: Issue, written: Written): string | undefined {
  const { value, text } = written;
  if (issue.message !== NO_MESSAGE) return adviceForForm(issue.message, text ?? String(value));
  if (issue.code === "too_small" && issue.origin === "string") return EMPTY;
  if (issue.code === "invalid_value") return adviceForChoice(issue.values.map(String), value);
  return issue.code === "invalid_type" ? adviceForType(issue.expected, written) : undefined;
}

/** The schema's own messages name what they expect. */
function adviceForForm(message: string, text: string): string | undefined {
  if (/\bduration\b/.test(message)) return quantityAdvice("duration", text);
  if (/\bsize\b/.test(message)) return quantityAdvice("size", text);
  return formAdvice(message, text);
}

function adviceForChoice(values: readonly string[], value: unknown): string | undefined {
  const word = String(value);
  const wanted = ourValueFor(word, values) ?? nearest(word, values);
  if (wanted !== undefined) return `did you mean ${wanted}?`;
  return values.includes("CDAB") ? ORDER_ADVICE : undefined;
}

function adviceForType(expected: string, { value, text }: Written): string | undefined {
  switch (expected) {
    case "string":
      return text === undefined ? adviceForText(value) : `put it in quotes: "${text}"`;
    case "number":
    case "int":
      return adviceForNumber(value);
    case "boolean":
      return adviceForTruth(value);
    case "array":
      return typeof value === "string" && /^[\w@.:/+-]+$/.test(value)
        ? `put it in brackets: [${value}]`
        : "begin each entry with a dash, on a line of its own";
    case "object":
    case "record":
      return Array.isArray(value)
        ? "leave out dashes and brackets: each entry begins with its name and a colon"
        : "write it like this: { key: value }, or each key on a line of its own";
    default:
      return undefined;
  }
}

function adviceForText(value: unknown): string {
  const [only, ...others] = Object.values(mappingOf(value));
  return typeof only === "string" && others.length === 0
    ? `write ${only} alone, without a key of its own`
    : "write one text, without braces or dashes";
}

function adviceForNumber(value: unknown): string | undefined {
  if (typeof value === "number") {
    return Number.isFinite(value)
      ? `write ${Math.round(value)}`
      : "write it in digits, such as 0.1; .inf and .nan are no numbers here";
  }
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (/^-?\d+,\d+$/.test(text)) return `write a decimal point: ${text.replace(",", ".")}`;
  if (/^-?\d+$|^-?\d*\.\d+$/.test(text)) return `remove the quotes: ${text}`;
  if (/^-?\d[\d_' ]*\d$/.test(text)) return `write ${text.replaceAll(/[_' ]/g, "")}`;
  const withUnit = /^(-?\d+(?:\.\d+)?)(?:\s*\D+|\s.*|-\d+)$/.exec(text) ?? COMPARED.exec(text);
  return withUnit ? `write the number alone: ${withUnit[1]}` : undefined;
}

function adviceForTruth(value: unknown): string | undefined {
  const text = String(value).toLowerCase();
  if (["yes", "on", "y", "1"].includes(text)) return "write true";
  if (["no", "off", "n", "0"].includes(text)) return "write false";
  return undefined;
}
