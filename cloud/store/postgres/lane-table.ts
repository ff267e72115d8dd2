/**
 * The lanes' rows. Within a transaction they are locked; a copy in memory saves reading them again
 * while their version is the copy's.
 */

import { type SeqRange, SeqRanges } from "#core/seq-ranges.ts";
import type { LaneSource } from "../accept-plan.ts";
import { DigestRing } from "../digest-ring.ts";
import { type LaneKey, type LaneState, laneName } from "../lane-state.ts";
import { numberArray } from "./arrays.ts";
import type { Sql } from "./database.ts";
import { WriteConflict } from "./database-errors.ts";

interface VersionRow {
  id: string;
  version: string;
  newer: string | null;
}

interface LaneRow extends VersionRow {
  gateway: string;
  epoch: string;
  lane: string;
  accepted: string;
  closed: string;
  watermark: number;
  seen_at: string;
}

const LANES_MAX = 20_000;

/** The epoch of the same gateway and lane that began last, if it is a later one. */
const NEWER = `(SELECT n.epoch FROM lane n WHERE n.gateway = l.gateway AND n.lane = l.lane
  AND n.id > l.id AND n.accepted <> '[]' ORDER BY n.id DESC LIMIT 1) AS newer`;

/** Rows that are locked, until the transaction ends. */
class LockedLanes implements LaneSource {
  readonly #lanes = new Map<string, LaneState>();
  readonly #newer = new Map<number, string>();

  add(lane: LaneState, newer: string | null): void {
    this.#lanes.set(laneName(lane), lane);
    if (newer !== null) this.#newer.set(lane.id, newer);
  }

  has(key: LaneKey): boolean {
    return this.#lanes.has(laneName(key));
  }

  lane(key: LaneKey): LaneState {
    const lane = this.#lanes.get(laneName(key));
    if (!lane) throw new TypeError("a lane that was not locked");
    return lane;
  }

  newerEpoch(lane: LaneState): string | undefined {
    return this.#newer.get(lane.id);
  }
}

export class LaneTable {
  /** In the order of their last use. */
  readonly #copies = new Map<string, LaneState>();

  /** Within a transaction: locks the lanes' rows, and makes those that are missing, in this order. */
  async lock(sql: Sql, keys: readonly LaneKey[]): Promise<LaneSource> {
    const locked = new LockedLanes();
    await this.#lockCopies(sql, keys, locked);
    const missing = (): LaneKey[] => keys.filter((key) => !locked.has(key));
    if (missing().length > 0) await lockRows(sql, missing(), locked);
    if (missing().length > 0) {
      await insert(sql, missing());
      await lockRows(sql, missing(), locked);
    }
    if (missing().length > 0) throw new WriteConflict("a lane's row went away");
    return locked;
  }

  /** Within the transaction that has locked them. */
  async save(sql: Sql, lanes: readonly LaneState[]): Promise<void> {
    if (lanes.length === 0) return;
    await sql.query(
      `UPDATE lane SET accepted = u.accepted, closed = u.closed, has_holes = u.has_holes,
         watermark = u.watermark, seen_at = u.seen_at, version = version + 1
       FROM unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[], $5::double precision[],
         $6::bigint[]) AS u(id, accepted, closed, has_holes, watermark, seen_at)
       WHERE lane.id = u.id`,
      [
        numberArray(lanes.map((lane) => lane.id)),
        lanes.map((lane) => JSON.stringify(lane.accepted)),
        lanes.map((lane) => JSON.stringify(lane.closed)),
        lanes.map((lane) => lane.accepted.holes().length > 0),
        numberArray(lanes.map((lane) => lane.watermark)),
        numberArray(lanes.map((lane) => lane.seenAtMs)),
      ],
    );
  }

  /** After the commit: these are the lanes now. */
  put(lanes: Iterable<LaneState>): void {
    for (const lane of lanes) {
      const name = laneName(lane);
      this.#copies.delete(name);
      this.#copies.set(name, lane);
    }
    for (const oldest of this.#copies.keys()) {
      if (this.#copies.size <= LANES_MAX) return;
      this.#copies.delete(oldest);
    }
  }

  async #lockCopies(sql: Sql, keys: readonly LaneKey[], locked: LockedLanes): Promise<void> {
    const copies = new Map<number, LaneState>();
    for (const key of keys) {
      const copy = this.#copies.get(laneName(key));
      if (copy) copies.set(copy.id, copy);
    }
    if (copies.size === 0) return;
    const { rows } = await sql.query<VersionRow>(
      `SELECT id, version, ${NEWER} FROM lane l WHERE id = ANY($1::bigint[])
       ORDER BY id FOR UPDATE OF l`,
      [numberArray([...copies.keys()])],
    );
    for (const { id, version, newer } of rows) {
      const copy = copies.get(Number(id));
      if (copy?.version === Number(version)) locked.add(copy, newer);
    }
  }
}

async function lockRows(sql: Sql, keys: readonly LaneKey[], locked: LockedLanes): Promise<void> {
  const { rows } = await sql.query<LaneRow>(
    `SELECT l.*, ${NEWER}
     FROM lane l JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS k(gateway, epoch, lane)
       ON l.gateway = k.gateway AND l.epoch = k.epoch AND l.lane = k.lane
     ORDER BY l.id FOR UPDATE OF l`,
    keyColumns(keys),
  );
  if (rows.length === 0) return;
  const digests = await readDigests(
    sql,
    rows.map(({ id }) => Number(id)),
  );
  for (const row of rows) {
    const id = Number(row.id);
    const lane: LaneState = {
      id,
      gateway: row.gateway,
      epoch: row.epoch,
      lane: Number(row.lane),
      version: Number(row.version),
      accepted: parseRanges(row.accepted),
      closed: parseRanges(row.closed),
      watermark: row.watermark,
      seenAtMs: Number(row.seen_at),
      digests: digests.get(id) ?? new DigestRing(),
    };
    locked.add(lane, row.newer);
  }
}

/** The folded chunks' digests, and those in the journal, whoever wrote it. */
async function readDigests(sql: Sql, ids: readonly number[]): Promise<Map<number, DigestRing>> {
  const values = [numberArray(ids)];
  // The journal first: what is folded in between is then seen twice, not never.
  const journal = await sql.query<{ lane_id: string; digests: Buffer }>(
    "SELECT lane_id, digests FROM journal WHERE lane_id = ANY($1::bigint[]) ORDER BY id",
    values,
  );
  const folded = await sql.query<{ lane_id: string; digests: Buffer }>(
    "SELECT lane_id, digests FROM lane_digests WHERE lane_id = ANY($1::bigint[])",
    values,
  );
  const rings = new Map<number, DigestRing>();
  for (const { lane_id: id, digests } of [...folded.rows, ...journal.rows]) {
    const ring = rings.get(Number(id)) ?? new DigestRing();
    ring.add(digests);
    rings.set(Number(id), ring);
  }
  return rings;
}

/** In the given order, since the ids tell which epoch began last. */
async function insert(sql: Sql, keys: readonly LaneKey[]): Promise<void> {
  await sql.query(
    `INSERT INTO lane (gateway, epoch, lane, accepted, closed, has_holes, version, watermark, seen_at)
     SELECT gateway, epoch, lane, '[]', '[]', false, 0, $4::double precision, 0
     FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY
       AS k(gateway, epoch, lane, place)
     ORDER BY place ON CONFLICT DO NOTHING`,
    [...keyColumns(keys), Number.MIN_SAFE_INTEGER],
  );
}

function keyColumns(keys: readonly LaneKey[]): unknown[] {
  return [
    keys.map(({ gateway }) => gateway),
    keys.map(({ epoch }) => epoch),
    numberArray(keys.map(({ lane }) => lane)),
  ];
}

export function parseRanges(text: string): SeqRanges {
  const ranges: SeqRange[] = JSON.parse(text);
  return new SeqRanges(ranges);
}
