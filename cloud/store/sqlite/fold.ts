/**
 * Writes what a shard has accepted into its rows, in slices short enough not to hold up the event
 * loop. Each slice is one transaction: rows, and how far the fold has come. The last one removes the
 * journal's rows. A crash between slices is taken up by `recover`.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "#core/clock.ts";
import type { OpenSeries } from "../../rollup/open-series.ts";
import type { FrozenPart, Shard } from "../shard.ts";
import { inTransaction } from "./database.ts";
import type { SqliteTables } from "./tables.ts";

/** A slice ends after this long; a commit comes on top. */
const SLICE_MS = 6;
const SERIES_PER_LOOK_AT_CLOCK = 16;

export class Folder {
  readonly #db: DatabaseSync;
  readonly #tables: SqliteTables;
  readonly #clock: Clock;
  /** Rows written since the start, of all widths. */
  foldedRows = 0;

  constructor(db: DatabaseSync, tables: SqliteTables, clock: Clock) {
    this.#db = db;
    this.#tables = tables;
    this.#clock = clock;
  }

  /**
   * Folds one slice; true when the shard's frozen part is done.
   * @throws PenstockError STORE_FAILED: nothing changed, and it may be tried again
   */
  slice(shard: Shard): boolean {
    const part = shard.frozen ?? shard.freeze();
    const { end, rows } = this.#write(shard, part);
    this.foldedRows += rows;
    for (let at = part.next; at < end; at++) {
      const series = part.order[at];
      if (series) part.windows.remove(series);
    }
    part.next = end;
    if (end < part.order.length) return false;
    shard.frozen = undefined;
    return true;
  }

  #write(shard: Shard, part: FrozenPart): { end: number; rows: number } {
    try {
      return inTransaction(this.#db, () => {
        const { end, rows } = this.#mergeSome(shard, part);
        if (end === part.order.length) this.#finish(shard, part);
        else this.#noteProgress(shard, part, part.order[end - 1]);
        return { end, rows };
      });
    } catch (error) {
      this.#tables.forgetUncommitted();
      throw error;
    }
  }

  #mergeSome(shard: Shard, part: FrozenPart): { end: number; rows: number } {
    const deadlineMs = this.#clock.monotonic() + SLICE_MS;
    let end = part.next;
    let rows = 0;
    while (end < part.order.length) {
      const series = part.order[end];
      if (series) rows += this.#tables.rollups.merge(shard.gateway, series);
      end += 1;
      const look = (end - part.next) % SERIES_PER_LOOK_AT_CLOCK === 0;
      if (look && this.#clock.monotonic() >= deadlineMs) break;
    }
    return { end, rows };
  }

  #noteProgress(shard: Shard, part: FrozenPart, last: OpenSeries | undefined): void {
    if (last === undefined) return;
    const { gateway, lane } = shard;
    const { journalTo } = part;
    this.#tables.progress.write({ gateway, lane, journalTo, device: last.device, tag: last.tag });
  }

  #finish(shard: Shard, part: FrozenPart): void {
    this.#tables.journal.remove(part.journalIds);
    this.#tables.progress.remove(shard.gateway, shard.lane);
    for (const key of part.lanes.values()) {
      const lane = this.#tables.lanes.get(key);
      if (lane) this.#tables.lanes.saveDigests(lane);
    }
  }
}
