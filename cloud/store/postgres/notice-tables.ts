/** What people want to see besides rollups and alarms: dead letters, devices, explained gaps. */
import type { SeriesDescription } from "#core/chunk.ts";
import type { AcceptPlan, PlannedAlarm, PlannedDeadLetter } from "../accept-plan.ts";
import type {
  DeadLetter,
  DeadLetterFilter,
  DeviceRow,
  ExplainedGap,
  ParkedEvent,
  PartitionBatch,
} from "../contract.ts";
import { toDeadLetter, toParkedEvent } from "../dead-letter-row.ts";
import { type AlarmTable, alarmName } from "./alarm-table.ts";
import { numberArray } from "./arrays.ts";
import type { Sql } from "./database.ts";

/** The newest are kept. An event has at most 1 MB, so dead letters take at most 2 GB. */
const DEAD_LETTERS_MAX = 2000;
const GAPS_MAX = 10_000;

/** Within a transaction. Tells the plan which of its dead letters and alarms are new. */
export async function writeNotices(
  sql: Sql,
  plan: AcceptPlan,
  hubIds: ReadonlyMap<PartitionBatch, number>,
  alarms: AlarmTable,
): Promise<void> {
  if (plan.deadLetters.length > 0) await addDeadLetters(sql, plan.deadLetters, hubIds);
  if (plan.alarms.length > 0) await addAlarms(sql, plan.alarms, alarms);
  if (plan.devices.length > 0) await describe(sql, plan.devices);
  if (plan.gaps.length > 0) await addGaps(sql, plan.gaps);
}

async function addDeadLetters(
  sql: Sql,
  letters: readonly PlannedDeadLetter[],
  hubIds: ReadonlyMap<PartitionBatch, number>,
): Promise<void> {
  for (const letter of letters) {
    const { batch, delivery, code, reason } = letter;
    const { position, enqueuedAtMs, body } = delivery;
    const { rows } = await sql.query<{ id: string }>(
      `INSERT INTO dead_letter
         (hub_id, partition, sequence_number, "offset", enqueued_at, code, reason, body)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id`,
      [
        hubIds.get(batch),
        batch.partition,
        position.sequenceNumber,
        position.offset,
        Math.trunc(enqueuedAtMs),
        code,
        reason,
        Buffer.from(body),
      ],
    );
    letter.isNew = rows.length === 1;
  }
  await trim(sql, "dead_letter", "id", DEAD_LETTERS_MAX);
}

async function addAlarms(
  sql: Sql,
  planned: readonly PlannedAlarm[],
  alarms: AlarmTable,
): Promise<void> {
  const fresh = await alarms.add(
    sql,
    planned.map(({ alarm }) => alarm),
  );
  for (const each of planned) {
    // The first of several with one id is the one that was written.
    each.isNew = fresh.delete(alarmName(each.alarm));
  }
}

async function describe(sql: Sql, devices: readonly DeviceRow[]): Promise<void> {
  // One statement cannot write a row twice: of several descriptions, the last one counts.
  const last = new Map<string, DeviceRow>();
  for (const row of devices) last.set(JSON.stringify([row.gateway, row.device, row.tag]), row);
  const rows = [...last.values()];
  await sql.query(
    `INSERT INTO device (gateway, device, tag, description)
     SELECT gateway, device, tag, description::json
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
       AS u(gateway, device, tag, description)
     ON CONFLICT (gateway, device, tag) DO UPDATE SET description = excluded.description`,
    [
      rows.map(({ gateway }) => gateway),
      rows.map(({ device }) => device),
      rows.map(({ tag }) => tag),
      rows.map(({ gateway: _gateway, ...description }) => JSON.stringify(description)),
    ],
  );
}

async function addGaps(sql: Sql, gaps: AcceptPlan["gaps"]): Promise<void> {
  await sql.query(
    `INSERT INTO gap (lane_id, from_seq, to_seq, readings, reason)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])`,
    [
      numberArray(gaps.map(({ lane }) => lane.id)),
      numberArray(gaps.map(({ gap }) => gap.fromSeq ?? null)),
      numberArray(gaps.map(({ gap }) => gap.toSeq ?? null)),
      numberArray(gaps.map(({ gap }) => gap.readings)),
      gaps.map(({ gap }) => gap.reason),
    ],
  );
  await trim(sql, "gap", "id", GAPS_MAX);
}

async function trim(sql: Sql, table: string, key: string, keep: number): Promise<void> {
  await sql.query(
    `DELETE FROM ${table} WHERE ${key} <= (SELECT max(${key}) FROM ${table}) - $1::bigint`,
    [keep],
  );
}

export async function readDeadLetters(sql: Sql, limit: number): Promise<DeadLetter[]> {
  const { rows } = await sql.query<Record<string, string>>(
    `SELECT d.id, hub, partition, sequence_number, "offset", enqueued_at, code, reason,
       length(body)::text AS bytes
     FROM dead_letter d JOIN hub ON hub.id = hub_id ORDER BY d.id DESC LIMIT $1`,
    [limit],
  );
  return rows.map((row) => toDeadLetter(row));
}

/** Oldest first, those after the given id. */
export async function readParked(
  sql: Sql,
  { id, code }: DeadLetterFilter,
  afterId: number,
  limit: number,
): Promise<ParkedEvent[]> {
  const { rows } = await sql.query<Record<string, unknown>>(
    `SELECT d.*, namespace, hub, consumer_group, incarnation, length(body)::text AS bytes
     FROM dead_letter d JOIN hub ON hub.id = hub_id
     WHERE d.id > $1 AND ($2::bigint IS NULL OR d.id = $2) AND ($3::text IS NULL OR code = $3)
     ORDER BY d.id LIMIT $4`,
    [afterId, id ?? null, code ?? null, limit],
  );
  return rows.map((row) => toParkedEvent(row));
}

/** Within a transaction. */
export async function removeDeadLetters(sql: Sql, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await sql.query("DELETE FROM dead_letter WHERE id = ANY($1::bigint[])", [numberArray(ids)]);
}

export async function readDevices(sql: Sql): Promise<DeviceRow[]> {
  const { rows } = await sql.query<{ gateway: string; description: SeriesDescription }>(
    "SELECT gateway, description FROM device",
  );
  return rows.map(({ gateway, description }) => Object.assign({ gateway }, description));
}

export async function readGaps(sql: Sql, limit: number): Promise<ExplainedGap[]> {
  const { rows } = await sql.query<{
    gateway: string;
    epoch: string;
    lane: string;
    readings: string;
    reason: string;
  }>(
    `SELECT gateway, epoch, lane, readings, reason FROM gap JOIN lane ON lane.id = lane_id
     ORDER BY gap.id DESC LIMIT $1`,
    [limit],
  );
  return rows.map(({ gateway, epoch, lane, readings, reason }) => ({
    gateway,
    epoch,
    lane: Number(lane),
    readings: Number(readings),
    reason,
  }));
}
