/**
 * Answers rollup queries: stored rows merged with what waits for its fold. A page of one series is
 * read in one go, so no fold can come between the two halves of a row.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { gather } from "../../rollup/gather.ts";
import { compareSeries } from "../../rollup/open-series.ts";
import { type RollupRow, rowJson, type SeriesKey } from "../../rollup/row-json.ts";
import { RowState } from "../../rollup/row-state.ts";
import { WIDTH_MS, windowStart } from "../../rollup/window.ts";
import type { RollupQuery } from "../contract.ts";
import type { Shard, Shards } from "../shard.ts";
import type { RollupTable } from "./rollup-table.ts";
import type { StoredRow } from "./row-codec.ts";

export class RollupReader {
  readonly #rollups: RollupTable;
  readonly #shards: Shards;
  readonly #selectSeries: StatementSync;
  readonly #selectOfGateway: StatementSync;

  constructor(db: DatabaseSync, rollups: RollupTable, shards: Shards) {
    this.#rollups = rollups;
    this.#shards = shards;
    const rest = "device = coalesce(?2, device) AND tag = coalesce(?3, tag)";
    this.#selectSeries = db.prepare(
      `SELECT gateway, device, tag FROM series WHERE ?1 IS NULL AND ${rest}`,
    );
    this.#selectOfGateway = db.prepare(
      `SELECT gateway, device, tag FROM series WHERE gateway = ?1 AND ${rest}`,
    );
  }

  /** All series that the query may concern, in order. */
  series(query: RollupQuery): SeriesKey[] {
    const { gateway = null, device = null, tag = null } = query;
    const found = new Map<string, SeriesKey>();
    const add = (key: SeriesKey): void => {
      found.set(JSON.stringify([key.gateway, key.device, key.tag]), key);
    };
    const select = gateway === null ? this.#selectSeries : this.#selectOfGateway;
    for (const row of select.iterate(gateway, device, tag)) {
      add({
        gateway: String(row["gateway"]),
        device: String(row["device"]),
        tag: String(row["tag"]),
      });
    }
    for (const shard of this.#shardsOf(query)) {
      for (const open of shard.series()) {
        if (device !== null && open.device !== device) continue;
        if (tag !== null && open.tag !== tag) continue;
        add({ gateway: shard.gateway, device: open.device, tag: open.tag });
      }
    }
    return [...found.values()].toSorted(compareKeys);
  }

  /** Starts of all windows that the query may concern, in order, as far as they exist by now. */
  starts(query: RollupQuery): number[] {
    const widthMs = WIDTH_MS[query.width];
    const { fromMs, toMs } = query;
    const starts = new Set(this.#rollups.starts(widthMs, fromMs, toMs));
    for (const shard of this.#shardsOf(query)) {
      for (const minute of shard.starts()) {
        const start = windowStart(minute, widthMs);
        if (start >= fromMs && start < toMs) starts.add(start);
      }
    }
    return [...starts].toSorted((a, b) => a - b);
  }

  #shardsOf({ gateway }: RollupQuery): Iterable<Shard> {
    return gateway === undefined ? this.#shards.all() : this.#shards.ofGateway(gateway);
  }

  /** The series' rows in the given windows, which are in order. */
  page(key: SeriesKey, query: RollupQuery, starts: readonly number[]): RollupRow[] {
    const widthMs = WIDTH_MS[query.width];
    const id = this.#rollups.findId(key);
    const stored = id === undefined ? [] : this.#rollups.rows(id, widthMs, starts);
    const first = starts[0] ?? 0;
    const last = starts.at(-1) ?? first;
    return mergePage(key, query, stored, this.#openStates(key, widthMs, first, last));
  }

  #openStates(
    key: SeriesKey,
    widthMs: number,
    first: number,
    last: number,
  ): Map<number, RowState[]> {
    const open = new Map<number, RowState[]>();
    for (const shard of this.#shards.ofGateway(key.gateway)) {
      for (const series of shard.find(key.device, key.tag)) {
        for (const [start, states] of gather(series.windows, widthMs)) {
          if (start < first || start > last) continue;
          open.set(start, [...(open.get(start) ?? []), ...states]);
        }
      }
    }
    return open;
  }
}

function mergePage(
  key: SeriesKey,
  query: RollupQuery,
  stored: readonly StoredRow[],
  open: Map<number, RowState[]>,
): RollupRow[] {
  const rows = new Map<number, { state: RowState; revision: number }>();
  for (const { start, state, revision } of stored) rows.set(start, { state, revision });
  for (const [start, parts] of open) {
    const row = rows.get(start) ?? { state: new RowState(), revision: 0 };
    for (const part of parts) row.state.merge(part);
    rows.set(start, { state: row.state, revision: row.revision + 1 });
  }
  return [...rows]
    .toSorted(([a], [b]) => a - b)
    .map(([start, { state, revision }]) => rowJson(key, query.width, start, state, revision));
}

function compareKeys(a: SeriesKey, b: SeriesKey): number {
  if (a.gateway !== b.gateway) return a.gateway < b.gateway ? -1 : 1;
  return compareSeries(a, b);
}
