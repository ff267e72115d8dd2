/** After a restart: takes the journal's events into the open windows again. */
import { unpackEvent } from "#core/chunk-codec.ts";
import { pick } from "../accept-plan.ts";
import { laneName } from "../lane-state.ts";
import { emptyPart, type ShardPart, type Shards } from "../shard.ts";
import type { JournalRow } from "./journal-table.ts";
import type { FoldProgress } from "./progress-table.ts";
import type { SqliteTables } from "./tables.ts";

/** @returns how many events were taken */
export function recover(tables: SqliteTables, shards: Shards, nowMs: number): number {
  const interrupted = new Map<string, { progress: FoldProgress; part: ShardPart }>();
  for (const progress of tables.progress.all()) {
    interrupted.set(shardName(progress), { progress, part: emptyPart() });
  }
  let events = 0;
  for (const row of tables.journal.rows()) {
    const shard = shards.get(row.gateway, row.lane);
    const fold = interrupted.get(shardName(row));
    if (fold && row.id <= fold.progress.journalTo) {
      replay(tables, row, fold.part, fold.progress);
    } else {
      replay(tables, row, shard.active);
      shard.oldestAtMs = nowMs;
    }
    events += 1;
  }
  for (const { progress, part } of interrupted.values()) {
    shards.get(progress.gateway, progress.lane).resume(part);
  }
  return events;
}

/** Adds a journal row's readings; of a fold that was interrupted, those that it had left. */
function replay(
  tables: SqliteTables,
  row: JournalRow,
  part: ShardPart,
  progress?: FoldProgress,
): void {
  const all = unpackEvent(row.body);
  const chunks = row.only ? pick(all, row.only) : all;
  const lane = tables.lanes.get(row);
  for (const { id, content, digest } of chunks) {
    lane?.digests.set(id.seq, digest);
    if (content.kind === "readings") part.windows.addBlocks(content.blocks, id, progress);
  }
  part.journalIds.push(row.id);
  part.lanes.set(laneName(row), { gateway: row.gateway, epoch: row.epoch, lane: row.lane });
  part.bytes += row.body.byteLength;
}

function shardName(key: { gateway: string; lane: number }): string {
  return JSON.stringify([key.gateway, key.lane]);
}
