/** Takes over the journal of sinks that are dead, so that somebody folds it. */
import { unpackEvent } from "#core/chunk-codec.ts";
import type { OpenWindows } from "../../rollup/open-windows.ts";
import { pick } from "../accept-plan.ts";
import type { Shards } from "../shard.ts";
import type { Database } from "./database.ts";
import { adoptFromJournal, type JournalRow } from "./journal-table.ts";
import { bury, retiredSinks } from "./sink-table.ts";

const EVENTS_PER_TRANSACTION = 200;

/** Takes over one portion of whichever dead sink has left something; false when nothing is left. */
export async function adoptSome(
  database: Database,
  sinkId: number,
  shards: Shards,
  nowMs: number,
): Promise<boolean> {
  for (const deadId of await retiredSinks(database)) {
    const rows = await database.transaction(async (sql) => {
      const adopted = await adoptFromJournal(sql, deadId, sinkId, EVENTS_PER_TRANSACTION);
      if (adopted.length === 0) await bury(sql, deadId);
      return adopted;
    });
    for (const row of rows) takeIn(row, shards, nowMs);
    if (rows.length > 0) return true;
  }
  return false;
}

function takeIn(row: JournalRow, shards: Shards, nowMs: number): void {
  const shard = shards.get(row.gateway, row.lane);
  addReadings(row, shard.active.windows);
  shard.active.journalIds.push(row.id);
  shard.active.bytes += row.body.byteLength;
  // Overdue already: whoever had it was to fold it.
  shard.oldestAtMs = Math.min(shard.oldestAtMs, nowMs);
}

export function addReadings(row: JournalRow, windows: OpenWindows): void {
  const all = unpackEvent(row.body);
  for (const { id, content } of row.only ? pick(all, row.only) : all) {
    if (content.kind === "readings") windows.addBlocks(content.blocks, id);
  }
}
