/** What an error of the database means: the one place that decides whether to try again. */
import { DatabaseError } from "pg";
import { messageOf, PenstockError } from "#core/errors.ts";

/** Another writer came between: the transaction is rolled back, and may be tried again at once. */
export class WriteConflict extends Error {}

/**
 * What this process has in memory may no longer match the database: it is held to be dead and others
 * have taken over, or a commit was cut off and the database cannot be asked how it ended.
 */
export class Deposed extends Error {}

// PostgreSQL, appendix A: serialization_failure, deadlock_detected, lock_not_available.
const CONFLICTS = new Set(["40001", "40P01", "55P03"]);

export function isConflict(error: unknown): boolean {
  if (error instanceof WriteConflict) return true;
  return error instanceof DatabaseError && CONFLICTS.has(error.code ?? "");
}

// PostgreSQL, appendix A: cannot_connect_now (it starts or ends), admin_shutdown, crash_shutdown,
// too_many_connections.
const PASSING = new Set(["57P03", "57P01", "57P02", "53300"]);

/**
 * The database is away, and may come back without anybody changing a setting: nothing listens, no
 * route, no name yet, or it is still starting.
 */
export function isAway(error: unknown): boolean {
  const cause = error instanceof PenstockError ? error.cause : error;
  if (cause instanceof DatabaseError) return PASSING.has(cause.code ?? "");
  return cause instanceof Error && !(cause instanceof TypeError || cause instanceof RangeError);
}

/** False when the server has said, in an orderly way, that it rolled back. */
export function mayHaveCommitted(error: unknown): boolean {
  return !(error instanceof DatabaseError && error.severity === "ERROR");
}

/** A programmer's error stays what it is; all else may be tried again later. */
export function storeError(error: unknown): unknown {
  if (error instanceof PenstockError || error instanceof Deposed) return error;
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const message = `the database failed: ${messageOf(error)}`;
  return new PenstockError("STORE_FAILED", message, { cause: error });
}
