/** The names of series, and their ids. */
import type { SeriesKey } from "../../rollup/row-json.ts";
import type { Sql } from "./database.ts";
import { WriteConflict } from "./database-errors.ts";

/** Ids kept in memory; beyond it they are looked up again. */
const SERIES_IDS_MAX = 200_000;
const KEYS_PER_STATEMENT = 5000;

interface SeriesRow extends SeriesKey {
  id: string;
}

export class SeriesTable {
  readonly #ids = new Map<string, number>();

  /** Within a transaction: the series' ids, made where they are missing. */
  async idsOf(sql: Sql, keys: readonly SeriesKey[]): Promise<(key: SeriesKey) => number> {
    const found = new Map<string, number>();
    const missing: SeriesKey[] = [];
    for (const key of keys) {
      const name = nameOf(key);
      const id = this.#ids.get(name);
      if (id === undefined) missing.push(key);
      else found.set(name, id);
    }
    for (let at = 0; at < missing.length; at += KEYS_PER_STATEMENT) {
      const part = missing.slice(at, at + KEYS_PER_STATEMENT);
      for (const row of await insertAndRead(sql, part)) found.set(nameOf(row), Number(row.id));
    }
    return (key) => {
      const id = found.get(nameOf(key));
      if (id === undefined) throw new WriteConflict("a series went away");
      return id;
    };
  }

  /** After the commit. */
  keep(keys: readonly SeriesKey[], idOf: (key: SeriesKey) => number): void {
    if (this.#ids.size + keys.length > SERIES_IDS_MAX) this.#ids.clear();
    for (const key of keys) this.#ids.set(nameOf(key), idOf(key));
  }
}

async function insertAndRead(sql: Sql, keys: readonly SeriesKey[]): Promise<SeriesRow[]> {
  const columns = [
    keys.map(({ gateway }) => gateway),
    keys.map(({ device }) => device),
    keys.map(({ tag }) => tag),
  ];
  const read = async (): Promise<SeriesRow[]> => {
    const { rows } = await sql.query<SeriesRow>(READ, columns);
    return rows;
  };
  const known = await read();
  if (known.length === new Set(keys.map(nameOf)).size) return known;
  await sql.query(INSERT, columns);
  return read();
}

const READ = `
SELECT s.id, s.gateway, s.device, s.tag
FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[])) AS k(gateway, device, tag)
JOIN series s ON s.gateway = k.gateway AND s.device = k.device AND s.tag = k.tag`;

/** In order, so that two sinks which make the same series wait for each other one way only. */
const INSERT = `
INSERT INTO series (gateway, device, tag)
SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS k(gateway, device, tag)
ORDER BY gateway, device, tag ON CONFLICT DO NOTHING`;

function nameOf({ gateway, device, tag }: SeriesKey): string {
  return JSON.stringify([gateway, device, tag]);
}
