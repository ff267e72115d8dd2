/** Totals, counted by each sink in its own row so that no sink waits for another one's. */
import type { StoreTotals } from "../contract.ts";
import type { Sql } from "./database.ts";
import { Deposed } from "./database-errors.ts";

interface TotalsRow {
  readings: string;
  bad: string;
  duplicate_readings: string;
  chunks: string;
  duplicate_chunks: string;
  dead_lettered: string;
  alarms: string;
}

/**
 * Within a transaction, as its last statement: it holds the row until the commit, so that whoever
 * retires this sink does so before, and nothing is written, or after.
 * @throws Deposed
 */
export async function countAlive(sql: Sql, sinkId: number, more: StoreTotals): Promise<void> {
  const { rowCount } = await sql.query(
    `UPDATE sink SET seen_at = clock_timestamp(), readings = readings + $2, bad = bad + $3,
       duplicate_readings = duplicate_readings + $4, chunks = chunks + $5,
       duplicate_chunks = duplicate_chunks + $6, dead_lettered = dead_lettered + $7,
       alarms = alarms + $8
     WHERE id = $1 AND NOT retired`,
    [
      sinkId,
      more.readings,
      more.bad,
      more.duplicateReadings,
      more.chunks,
      more.duplicateChunks,
      more.deadLettered,
      more.alarms,
    ],
  );
  if (rowCount !== 1) throw new Deposed("this sink was held to be dead");
}

/** Within a transaction: a retired sink without a journal leaves its totals behind, and goes. */
export async function bury(sql: Sql, sinkId: number): Promise<void> {
  await sql.query(
    `WITH gone AS (DELETE FROM sink WHERE id = $1 AND retired RETURNING *)
     UPDATE sink SET readings = sink.readings + gone.readings, bad = sink.bad + gone.bad,
       duplicate_readings = sink.duplicate_readings + gone.duplicate_readings,
       chunks = sink.chunks + gone.chunks,
       duplicate_chunks = sink.duplicate_chunks + gone.duplicate_chunks,
       dead_lettered = sink.dead_lettered + gone.dead_lettered,
       alarms = sink.alarms + gone.alarms
     FROM gone WHERE sink.id = 0`,
    [sinkId],
  );
}

export async function retiredSinks(sql: Sql): Promise<number[]> {
  const { rows } = await sql.query<{ id: string }>("SELECT id FROM sink WHERE retired ORDER BY id");
  return rows.map(({ id }) => Number(id));
}

/** Of all sinks there ever were. */
export async function readTotals(sql: Sql): Promise<StoreTotals> {
  const { rows } = await sql.query<TotalsRow>(
    `SELECT sum(readings) AS readings, sum(bad) AS bad,
       sum(duplicate_readings) AS duplicate_readings, sum(chunks) AS chunks,
       sum(duplicate_chunks) AS duplicate_chunks, sum(dead_lettered) AS dead_lettered,
       sum(alarms) AS alarms
     FROM sink`,
  );
  const [row] = rows;
  return {
    readings: Number(row?.readings),
    bad: Number(row?.bad),
    duplicateReadings: Number(row?.duplicate_readings),
    chunks: Number(row?.chunks),
    duplicateChunks: Number(row?.duplicate_chunks),
    deadLettered: Number(row?.dead_lettered),
    alarms: Number(row?.alarms),
  };
}
