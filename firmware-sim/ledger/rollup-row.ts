/** The part of a row of the sink's `/api/rollups` that the ledger judges. */

export interface RollupRow {
  gateway: string;
  device: string;
  tag: string;
  /** Start of the minute, in milliseconds since 1970. */
  start: number;
  /** Readings of good or uncertain quality. */
  count: number;
  /** Readings of bad quality: not in `count`. */
  bad: number;
  /** Canonical terms (core/exact-sum.ts). */
  exactSum: readonly number[];
}

/** The row of one line, or undefined where the line is no row. */
export function parseRollupRow(line: string): RollupRow | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isRollupRow(parsed) ? parsed : undefined;
}

function isRollupRow(value: unknown): value is RollupRow {
  if (typeof value !== "object" || value === null) return false;
  const row = value as Partial<Record<keyof RollupRow, unknown>>;
  return (
    typeof row.gateway === "string" &&
    typeof row.device === "string" &&
    typeof row.tag === "string" &&
    isWhole(row.start) &&
    isCount(row.count) &&
    isCount(row.bad) &&
    Array.isArray(row.exactSum) &&
    row.exactSum.every((term) => typeof term === "number")
  );
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value);
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
