/** What people want to see besides rollups: dead letters, alarms, devices, explained gaps. */
import type { AlarmTransition } from "#core/alarm.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import type { AcceptPlan, PlannedAlarm, PlannedDeadLetter } from "../accept-plan.ts";
import type {
  AlarmRow,
  DeadLetter,
  DeadLetterFilter,
  DeviceRow,
  ExplainedGap,
  ParkedEvent,
  PartitionBatch,
} from "../contract.ts";
import { toDeadLetter, toParkedEvent } from "../dead-letter-row.ts";
import { numberArray } from "./arrays.ts";
import type { Sql } from "./database.ts";

/** The newest are kept. An event has at most 1 MB, so dead letters take at most 2 GB. */
const DEAD_LETTERS_MAX = 2000;
const ALARMS_MAX = 100_000;
const GAPS_MAX = 10_000;
/** Of an advisory lock; any number will do that nobody else takes. */
const SERIAL_LOCK = 7_306_419;

/** Within a transaction. Tells the plan which of its dead letters and alarms are new. */
export async function writeNotices(
  sql: Sql,
  plan: AcceptPlan,
  hubIds: ReadonlyMap<PartitionBatch, number>,
): Promise<void> {
  if (plan.deadLetters.length > 0) await addDeadLetters(sql, plan.deadLetters, hubIds);
  if (plan.alarms.length > 0) await addPlannedAlarms(sql, plan.alarms);
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

async function addPlannedAlarms(sql: Sql, planned: readonly PlannedAlarm[]): Promise<void> {
  const fresh = await addAlarms(
    sql,
    planned.map(({ alarm }) => alarm),
  );
  for (const each of planned) {
    // The first of several with one id is the one that was written.
    each.isNew = fresh.delete(nameOf(each.alarm));
  }
}

/**
 * Within a transaction. Serials are given under a lock that is held until the commit, so that they
 * stand in the order of the commits: who has read up to one has missed none below it. Whoever waits
 * for the lock holds whatever else it needs already, but for rows that are written by who has it.
 * @returns the names of those that are new
 */
export async function addAlarms(sql: Sql, alarms: readonly AlarmRow[]): Promise<Set<string>> {
  await sql.query("SELECT pg_advisory_xact_lock($1)", [SERIAL_LOCK]);
  const { rows } = await sql.query<{ gateway: string; id: string }>(
    `INSERT INTO alarm (gateway, id, received_at, transition)
     SELECT gateway, id, received_at, transition::json
     FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
       AS u(gateway, id, received_at, transition)
     ON CONFLICT DO NOTHING RETURNING gateway, id`,
    [
      alarms.map(({ gateway }) => gateway),
      alarms.map(({ id }) => id),
      numberArray(alarms.map(({ receivedAtMs }) => Math.trunc(receivedAtMs))),
      alarms.map(transitionText),
    ],
  );
  if (rows.length > 0) await trim(sql, "alarm", "serial", ALARMS_MAX);
  return new Set(rows.map(nameOf));
}

function nameOf({ gateway, id }: { gateway: string; id: string }): string {
  return JSON.stringify([gateway, id]);
}

function transitionText(alarm: AlarmRow): string {
  const { gateway: _gateway, receivedAtMs: _receivedAtMs, ...transition } = alarm;
  return JSON.stringify(transition);
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

/** Within a transaction. False when the alarm is known. */
export async function addAlarm(sql: Sql, alarm: AlarmRow): Promise<boolean> {
  return (await addAlarms(sql, [alarm])).size === 1;
}

export async function readAlarms(sql: Sql, limit: number): Promise<AlarmRow[]> {
  const { rows } = await sql.query<{
    gateway: string;
    received_at: string;
    transition: AlarmTransition;
  }>("SELECT gateway, received_at, transition FROM alarm ORDER BY serial DESC LIMIT $1", [limit]);
  return rows.map(({ gateway, received_at: receivedAt, transition }) =>
    Object.assign({ gateway, receivedAtMs: Number(receivedAt) }, transition),
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
