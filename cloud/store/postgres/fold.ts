/**
 * Writes what shards have accepted into the rows: one transaction removes their journal and merges
 * their partial states. The removal proves that nobody else has folded, or taken over, the same.
 */
import { gather } from "../../rollup/gather.ts";
import type { OpenSeries } from "../../rollup/open-series.ts";
import type { SeriesKey } from "../../rollup/row-json.ts";
import { WIDTH_MS } from "../../rollup/window.ts";
import type { FrozenPart, Shard } from "../shard.ts";
import type { Database, Sql } from "./database.ts";
import { removeFromJournal } from "./journal-table.ts";
import { nameOf, type PartialRow, RowWriter } from "./row-writer.ts";
import { SeriesTable } from "./series-table.ts";

interface NamedSeries extends SeriesKey {
  open: OpenSeries;
}

export class Folder {
  readonly #database: Database;
  readonly #series = new SeriesTable();
  readonly #rows = new RowWriter();
  /** Rows written since the start, of all widths. */
  foldedRows = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Folds all that the shards have accepted by now.
   * @throws PenstockError STORE_FAILED: nothing changed, and it may be tried again
   * @throws Deposed the shards are void
   */
  async fold(sinkId: number, shards: readonly Shard[]): Promise<void> {
    const parts = shards.map((shard) => ({ shard, part: shard.frozen ?? shard.freeze() }));
    const series = parts.flatMap(({ shard, part }) => namesOf(shard.gateway, part));
    const ids = parts.flatMap(({ part }) => part.journalIds);
    const { idOf, written } = await this.#database.transaction(
      async (sql) => {
        await removeFromJournal(sql, sinkId, ids);
        return this.#write(sql, series);
      },
      () => this.#rows.forget(),
    );
    this.#series.keep(series, idOf);
    this.foldedRows += written;
    for (const shard of shards) shard.frozen = undefined;
  }

  async #write(
    sql: Sql,
    series: readonly NamedSeries[],
  ): Promise<{ idOf: (key: SeriesKey) => number; written: number }> {
    const idOf = await this.#series.idsOf(sql, series);
    const rows = partialRows(series, idOf);
    await this.#rows.merge(sql, rows);
    return { idOf, written: rows.length };
  }
}

function namesOf(gateway: string, part: FrozenPart): NamedSeries[] {
  return part.order.map((open) => ({ gateway, device: open.device, tag: open.tag, open }));
}

/** By width, start and series, as all sinks write them. A series may come from several shards. */
function partialRows(
  series: readonly NamedSeries[],
  idOf: (key: SeriesKey) => number,
): PartialRow[] {
  const rows = new Map<string, PartialRow>();
  for (const { open, ...key } of series) {
    const seriesId = idOf(key);
    for (const widthMs of Object.values(WIDTH_MS)) {
      for (const [start, parts] of gather(open.windows, widthMs)) {
        const row = { seriesId, widthMs, start, parts };
        const known = rows.get(nameOf(row));
        if (known) known.parts.push(...parts);
        else rows.set(nameOf(row), row);
      }
    }
  }
  return [...rows.values()].toSorted(
    (a, b) => a.widthMs - b.widthMs || a.start - b.start || a.seriesId - b.seriesId,
  );
}
