/** Events whose readings count already, but are not yet in their rows. */
import type { ReceivedChunk } from "#core/chunk-codec.ts";
import type { PlannedEvent } from "../accept-plan.ts";
import { DigestRing } from "../digest-ring.ts";
import type { LaneKey } from "../lane-state.ts";
import { joinBytes, numberArray } from "./arrays.ts";
import type { Sql } from "./database.ts";
import { Deposed } from "./database-errors.ts";

export interface JournalRow extends LaneKey {
  id: number;
  body: Uint8Array;
  /** Positions of the chunks that count; undefined for all. */
  only: readonly number[] | undefined;
}

interface RawJournalRow {
  id: string;
  gateway: string;
  epoch: string;
  lane: string;
  body: Buffer;
  only_chunks: string | null;
}

/** Within a transaction. @returns the new rows' ids, in the order of the events */
export async function addToJournal(
  sql: Sql,
  sinkId: number,
  events: readonly PlannedEvent[],
): Promise<number[]> {
  if (events.length === 0) return [];
  const bodies = joinBytes(events.map(({ body }) => body));
  const digests = joinBytes(events.map(({ chunks }) => digestsOf(chunks)));
  const spans = events.map(({ chunks }) => timesOf(chunks));
  const { rows } = await sql.query<{ id: string; lane_id: string; first_seq: string }>(
    `INSERT INTO journal
       (sink_id, lane_id, first_seq, only_chunks, min_ts, max_ts, body, digests)
     SELECT $1, lane_id, first_seq, only_chunks, min_ts, max_ts,
       substring($7::bytea FROM body_from FOR body_length),
       substring($10::bytea FROM digests_from FOR digests_length)
     FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::float8[], $6::float8[],
       $8::integer[], $9::integer[], $11::integer[], $12::integer[])
       AS u(lane_id, first_seq, only_chunks, min_ts, max_ts,
         body_from, body_length, digests_from, digests_length)
     RETURNING id, lane_id, first_seq`,
    [
      sinkId,
      numberArray(events.map(({ lane }) => lane.id)),
      numberArray(events.map(({ chunks }) => chunks[0]?.id.seq ?? null)),
      events.map(({ only }) => (only === undefined ? null : JSON.stringify(only))),
      numberArray(spans.map((span) => span?.min ?? null)),
      numberArray(spans.map((span) => span?.max ?? null)),
      bodies.bytes,
      bodies.from,
      bodies.length,
      digests.bytes,
      digests.from,
      digests.length,
    ],
  );
  const ids = new Map(rows.map((row) => [`${row.lane_id} ${row.first_seq}`, Number(row.id)]));
  return events.map(({ lane, chunks }) => ids.get(`${lane.id} ${chunks[0]?.id.seq}`) ?? Number.NaN);
}

/**
 * Within the transaction that writes their readings into the rows.
 * @throws Deposed when they are no longer this sink's
 */
export async function removeFromJournal(
  sql: Sql,
  sinkId: number,
  ids: readonly number[],
): Promise<void> {
  const { rows } = await sql.query<{ lane_id: string; digests: Buffer }>(
    `WITH gone AS (
       DELETE FROM journal WHERE id = ANY($1::bigint[]) AND sink_id = $2
         AND EXISTS (SELECT FROM sink WHERE sink.id = $2 AND NOT retired)
       RETURNING id, lane_id, digests)
     SELECT lane_id, digests FROM gone ORDER BY id`,
    [numberArray(ids), sinkId],
  );
  if (rows.length !== ids.length) throw new Deposed("another sink has taken over the journal");
  const byLane = new Map<number, Buffer[]>();
  for (const { lane_id: laneId, digests } of rows) {
    const known = byLane.get(Number(laneId));
    if (known) known.push(digests);
    else byLane.set(Number(laneId), [digests]);
  }
  await keepDigests(sql, byLane);
}

/** Within a transaction: takes over up to `limit` rows of a sink that is retired. */
export async function adoptFromJournal(
  sql: Sql,
  fromSinkId: number,
  sinkId: number,
  limit: number,
): Promise<JournalRow[]> {
  const { rows } = await sql.query<RawJournalRow>(
    `WITH adopted AS (
       UPDATE journal SET sink_id = $2 WHERE id IN (
         SELECT id FROM journal WHERE sink_id = $1 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)
       RETURNING id, lane_id, body, only_chunks)
     SELECT adopted.id, gateway, epoch, lane, body, only_chunks
     FROM adopted JOIN lane ON lane.id = lane_id ORDER BY adopted.id`,
    [fromSinkId, sinkId, limit],
  );
  return rows.map(toJournalRow);
}

/** All rows with readings of the given span, whichever sink holds them. */
export async function readJournal(
  sql: Sql,
  gateway: string | undefined,
  span: { fromMs: number; toMs: number },
  after: number,
  limit: number,
): Promise<JournalRow[]> {
  const { rows } = await sql.query<RawJournalRow>(
    `SELECT journal.id, gateway, epoch, lane, body, only_chunks
     FROM journal JOIN lane ON lane.id = lane_id
     WHERE ($1::text IS NULL OR gateway = $1) AND max_ts >= $2 AND min_ts < $3 AND journal.id > $4
     ORDER BY journal.id LIMIT $5`,
    [gateway ?? null, span.fromMs, span.toMs, after, limit],
  );
  return rows.map(toJournalRow);
}

function toJournalRow(row: RawJournalRow): JournalRow {
  const only: number[] | undefined =
    row.only_chunks === null ? undefined : JSON.parse(row.only_chunks);
  const { gateway, epoch, body } = row;
  return { id: Number(row.id), gateway, epoch, lane: Number(row.lane), body, only };
}

async function keepDigests(sql: Sql, byLane: ReadonlyMap<number, Buffer[]>): Promise<void> {
  if (byLane.size === 0) return;
  const ids = [...byLane.keys()].toSorted((a, b) => a - b);
  await sql.query(
    `INSERT INTO lane_digests SELECT id, '' FROM unnest($1::bigint[]) AS u(id) ORDER BY id
     ON CONFLICT DO NOTHING`,
    [numberArray(ids)],
  );
  const { rows } = await sql.query<{ lane_id: string; digests: Buffer }>(
    `SELECT lane_id, digests FROM lane_digests WHERE lane_id = ANY($1::bigint[])
     ORDER BY lane_id FOR UPDATE`,
    [numberArray(ids)],
  );
  const rings = rows.map(({ lane_id: laneId, digests }) => {
    const ring = DigestRing.decode(digests);
    for (const more of byLane.get(Number(laneId)) ?? []) ring.add(more);
    return ring.encode();
  });
  const joined = joinBytes(rings);
  await sql.query(
    `UPDATE lane_digests SET digests = substring($2::bytea FROM u.at FOR u.length)
     FROM unnest($1::bigint[], $3::integer[], $4::integer[]) AS u(id, at, length)
     WHERE lane_id = u.id`,
    [numberArray(rows.map((row) => Number(row.lane_id))), joined.bytes, joined.from, joined.length],
  );
}

function digestsOf(chunks: readonly ReceivedChunk[]): Uint8Array {
  const ring = new DigestRing();
  for (const { id, digest } of chunks) ring.set(id.seq, digest);
  return ring.encode();
}

function timesOf(chunks: readonly ReceivedChunk[]): { min: number; max: number } | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { content } of chunks) {
    if (content.kind !== "readings") continue;
    for (const { ts } of content.blocks) {
      for (const at of ts) {
        if (at < min) min = at;
        if (at > max) max = at;
      }
    }
  }
  return min <= max ? { min, max } : undefined;
}
