/** Paths such as `$.data[0].v` or `$['a b']`: names and places, and nothing that searches. */
import { PenstockError } from "#core/errors.ts";
import type { Json } from "./strict-json.ts";

export type PathStep = string | number;

/** What stands at the path; undefined where there is nothing. */
export type PathReader = (json: Json) => Json | undefined;

const STEP = /\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d{1,6})\]|\['([^']+)'\]/y;

/** @throws PenstockError CONFIG_INVALID */
export function parsePath(path: string): PathStep[] {
  const steps: PathStep[] = [];
  let at = path.startsWith("$") ? 1 : 0;
  while (at > 0 && at < path.length) {
    STEP.lastIndex = at;
    const match = STEP.exec(path);
    if (!match) break;
    const [text, name, place, quoted] = match;
    steps.push(place === undefined ? (name ?? quoted ?? "") : Number(place));
    at += text.length;
  }
  if (at === 0 || at < path.length) {
    throw new PenstockError("CONFIG_INVALID", `"${path}" is no path such as $.data[0].v`, {
      context: { path },
    });
  }
  return steps;
}

export function createPathReader(steps: readonly PathStep[]): PathReader {
  return (json) => {
    let node: Json | undefined = json;
    for (const step of steps) {
      if (typeof node !== "object" || node === null) return undefined;
      if (Array.isArray(node)) node = typeof step === "number" ? node[step] : undefined;
      else node = Object.hasOwn(node, step) ? node[String(step)] : undefined;
    }
    return node;
  };
}
