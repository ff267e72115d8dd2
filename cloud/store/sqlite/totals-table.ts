/** Totals since the database was made, counted in the transactions themselves. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoreTotals } from "../contract.ts";

export class TotalsTable {
  readonly #update: StatementSync;
  readonly #select: StatementSync;

  constructor(db: DatabaseSync) {
    this.#update = db.prepare(
      `UPDATE totals SET readings = readings + ?, bad = bad + ?,
         duplicate_readings = duplicate_readings + ?, chunks = chunks + ?,
         duplicate_chunks = duplicate_chunks + ?, dead_lettered = dead_lettered + ?,
         alarms = alarms + ?`,
    );
    this.#select = db.prepare("SELECT * FROM totals");
  }

  /** Within a transaction. */
  add(more: StoreTotals): void {
    this.#update.run(
      more.readings,
      more.bad,
      more.duplicateReadings,
      more.chunks,
      more.duplicateChunks,
      more.deadLettered,
      more.alarms,
    );
  }

  read(): StoreTotals {
    const row = this.#select.get() ?? {};
    return {
      readings: Number(row["readings"]),
      bad: Number(row["bad"]),
      duplicateReadings: Number(row["duplicate_readings"]),
      chunks: Number(row["chunks"]),
      duplicateChunks: Number(row["duplicate_chunks"]),
      deadLettered: Number(row["dead_lettered"]),
      alarms: Number(row["alarms"]),
    };
  }
}
