/** Limits only make sense in their order: ll < l < h < hh. */
import { numberOf, type RawMapping } from "../yaml/raw.ts";
import type { Path, Problem } from "../yaml/yaml-tree.ts";

const ASCENDING = ["ll", "l", "h", "hh"] as const;

export function checkLimits(path: Path, limits: RawMapping): Problem[] {
  const given = ASCENDING.flatMap((key) => {
    const value = numberOf(limits[key]);
    return value === undefined ? [] : [{ key, value }];
  });
  const problems: Problem[] = [];
  for (const [i, upper] of given.entries()) {
    const lower = given[i - 1];
    if (!lower || lower.value < upper.value) continue;
    const message = `${upper.key}: ${upper.value} must be greater than ${lower.key}: ${lower.value}`;
    const suggestion = "limits rise in this order: ll (lowest), l, h, hh (highest)";
    problems.push({ path: [...path, upper.key], on: "value", message, suggestion });
  }
  return problems.length > 0 ? problems : checkDeadband(path, limits);
}

/** What is plausible, from the lowest to the highest. */
export function checkRange(path: Path, range: unknown): Problem[] {
  if (!Array.isArray(range)) return [];
  const [low, high] = range.map(numberOf);
  if (low === undefined || high === undefined || low < high) return [];
  const message = `range: ${low} must be less than ${high}`;
  return [{ path, on: "value", message, suggestion: "write the lowest plausible value first" }];
}

function checkDeadband(path: Path, limits: RawMapping): Problem[] {
  const [l, h] = [numberOf(limits["l"]), numberOf(limits["h"])];
  const deadband = numberOf(limits["deadband"]);
  if (l === undefined || h === undefined || deadband === undefined) return [];
  if (deadband < h - l) return [];
  const message = `deadband: ${deadband} leaves no room between l: ${l} and h: ${h}`;
  const suggestion = `it must be less than ${h - l}, or an alarm never clears`;
  return [{ path: [...path, "deadband"], on: "value", message, suggestion }];
}
