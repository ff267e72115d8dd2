/** Reads the sink's one-minute rows as they come, a line each. */
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { PenstockError } from "#core/errors.ts";
import { parseRollupRow, type RollupRow } from "../ledger/rollup-row.ts";

/** @throws PenstockError PROGRAM_FAILED: the sink refuses, or sends what is no row */
export async function* fetchRollups(baseUrl: string): AsyncGenerator<RollupRow, void, void> {
  const response = await fetch(new URL("/api/rollups?width=1m", baseUrl));
  if (!response.ok || !response.body) {
    throw new PenstockError("PROGRAM_FAILED", `/api/rollups answers ${response.status}`);
  }
  const lines = createInterface({ input: Readable.fromWeb(response.body) });
  for await (const line of lines) {
    if (line === "") continue;
    const row = parseRollupRow(line);
    // A cut answer must not pass for a short one.
    if (!row) {
      throw new PenstockError("PROGRAM_FAILED", `/api/rollups has a line that is no row: ${line}`);
    }
    yield row;
  }
}
