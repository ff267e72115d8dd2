/** The number that a rule compares. */
import type { Aggregate } from "#config/sink/alarm-rules.ts";
import type { RollupRow } from "../rollup/row-json.ts";

/** Undefined where the window has none, such as the mean of texts. A boolean counts as 1 or 0. */
export function rowValue(row: RollupRow, aggregate: Aggregate): number | undefined {
  const value: unknown = row[aggregate];
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  // A negative zero stands as an object, so that JSON keeps its sign.
  return typeof value === "object" && value !== null ? 0 : undefined;
}
