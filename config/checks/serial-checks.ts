/** A serial bus's pattern must compile and name what it finds. */
import { mappingOf, type RawMapping, textOf } from "../yaml/raw.ts";
import type { Path, Problem } from "../yaml/yaml-tree.ts";

const EXAMPLE = "(?<weight>[-+.0-9]+) kg";

export function checkSerialBus(path: Path, bus: RawMapping): Problem[] {
  return [...checkMatch(path, bus), ...checkQuestions([...path, "ask"], bus["ask"])];
}

/** One question, or a list of them. */
function checkQuestions(path: Path, ask: unknown): Problem[] {
  if (Array.isArray(ask)) return ask.flatMap((each, i) => checkQuestion([...path, i], each));
  return checkQuestion(path, ask);
}

function checkQuestion(path: Path, question: unknown): Problem[] {
  const expect = textOf(mappingOf(question)["expect"]);
  const compiled = expect === undefined ? undefined : compile(expect);
  if (typeof compiled !== "string") return [];
  const message = `expect: the regular expression does not compile: ${compiled}`;
  const suggestion = 'an example: "^ST,"';
  return [{ path: [...path, "expect"], on: "value", message, suggestion }];
}

function checkMatch(path: Path, bus: RawMapping): Problem[] {
  const match = textOf(bus["match"]);
  if (match === undefined || match === "") return [];
  const on = "value";
  const at = [...path, "match"];
  const compiled = compile(match);
  if (typeof compiled === "string") {
    const message = `match: the regular expression does not compile: ${compiled}`;
    return [{ path: at, on, message, suggestion: `an example: "${EXAMPLE}"` }];
  }
  if (groupsOf(match).length > 0) return [];
  const message = "match: the pattern has no named group, so nothing becomes a tag";
  return [{ path: at, on, message, suggestion: `name what you want to keep: "${EXAMPLE}"` }];
}

/** The expression, or what is wrong with it. */
function compile(pattern: string): RegExp | string {
  try {
    return new RegExp(pattern, "u");
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.replace(/^Invalid regular expression: .*\/u: /s, "").toLowerCase();
  }
}

/** Names of a pattern's groups: the tags of the device on that bus. */
export function groupsOf(pattern: string): string[] {
  if (typeof compile(pattern) === "string") return [];
  // With an empty alternative the pattern matches anything, and so tells its groups.
  const groups = new RegExp(`${pattern}|`, "u").exec("")?.groups;
  return Object.keys(groups ?? {});
}
