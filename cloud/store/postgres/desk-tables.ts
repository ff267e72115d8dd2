/** What the alarm desk writes, within one transaction. */
import type { AlarmWrite, OutboxEntry } from "#core/alarms/contract.ts";
import {
  ALARM_JOURNAL_MAX,
  type DeskWrite,
  type KeptDesk,
  type KeptMemory,
} from "../desk-contract.ts";
import { digestOf, readMaintenance, readStates } from "./alarm-access.ts";
import type { AlarmTable } from "./alarm-table.ts";
import { numberArray } from "./arrays.ts";
import type { Sql } from "./database.ts";

/** Tables of documents by the digest of a key, and the column of the document. */
const STATES = { table: "alarm_state", column: "state" };
const MAINTENANCE = { table: "alarm_maintenance", column: '"window"' };
const OUTBOX = { table: "alarm_outbox", column: "entry" };
const MEMORY = { table: "rule_memory", column: "memory" };

type DocumentTable = typeof STATES;

export async function readDesk(sql: Sql): Promise<KeptDesk> {
  const { rows: desks } = await sql.query<{ cursor: string; newest: string }>(
    "SELECT cursor, (SELECT coalesce(max(id), 0) FROM alarm_journal) AS newest FROM desk",
  );
  const outbox = await sql.query<{ entry: OutboxEntry }>("SELECT entry FROM alarm_outbox");
  const memory = await sql.query<{ memory: KeptMemory }>("SELECT memory FROM rule_memory");
  return {
    states: await readStates(sql),
    maintenance: await readMaintenance(sql),
    outbox: outbox.rows.map(({ entry }) => entry),
    lastJournalId: Number(desks[0]?.newest),
    cursor: Number(desks[0]?.cursor),
    memory: memory.rows.map((row) => row.memory),
  };
}

export async function writeDesk(sql: Sql, write: DeskWrite, alarms: AlarmTable): Promise<void> {
  if (write.alarms) await writeAlarms(sql, write.alarms);
  if (write.raised && write.raised.length > 0) await alarms.add(sql, write.raised);
  if (write.cursor !== undefined) {
    await sql.query("UPDATE desk SET cursor = $1", [write.cursor]);
  }
  await put(sql, MEMORY, new Map(write.memory?.map((memory) => [memory.key, memory])));
  await remove(sql, MEMORY, write.forgottenMemory ?? []);
  if (write.answers && write.answers.length > 0) await answer(sql, write.answers);
}

async function writeAlarms(sql: Sql, write: AlarmWrite): Promise<void> {
  const { states = [], maintenance = [], outbox = [] } = write;
  await put(sql, STATES, new Map(states.map((state) => [state.key, state])));
  await remove(sql, STATES, write.forgotten ?? []);
  await put(sql, MAINTENANCE, new Map(maintenance.map((window) => [window.id, window])));
  await remove(sql, MAINTENANCE, write.maintenanceEnded ?? []);
  await put(sql, OUTBOX, new Map(outbox.map((entry) => [entry.id, entry])));
  await remove(sql, OUTBOX, write.outboxDone ?? []);
  await writeJournal(sql, write.journal ?? []);
}

/** By key, so that of several documents of one key the last one counts. */
async function put(
  sql: Sql,
  { table, column }: DocumentTable,
  documents: ReadonlyMap<string, unknown>,
): Promise<void> {
  if (documents.size === 0) return;
  await sql.query(
    `INSERT INTO ${table} (digest, ${column})
     SELECT digest, document::json FROM unnest($1::text[], $2::text[]) AS u(digest, document)
     ON CONFLICT (digest) DO UPDATE SET ${column} = excluded.${column}`,
    [
      [...documents.keys()].map(digestOf),
      [...documents.values()].map((document) => JSON.stringify(document)),
    ],
  );
}

async function remove(sql: Sql, { table }: DocumentTable, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const digests = keys.map(digestOf);
  await sql.query(`DELETE FROM ${table} WHERE digest = ANY($1::text[])`, [digests]);
}

async function writeJournal(sql: Sql, journal: NonNullable<AlarmWrite["journal"]>): Promise<void> {
  const newest = journal.at(-1);
  if (!newest) return;
  await sql.query(
    `INSERT INTO alarm_journal (id, key_digest, entry)
     SELECT id, key_digest, entry::json FROM unnest($1::bigint[], $2::text[], $3::text[])
       AS u(id, key_digest, entry)`,
    [
      numberArray(journal.map(({ id }) => id)),
      journal.map(({ key }) => digestOf(key)),
      journal.map((entry) => JSON.stringify(entry)),
    ],
  );
  await sql.query("DELETE FROM alarm_journal WHERE id <= $1", [newest.id - ALARM_JOURNAL_MAX]);
}

/** Answers that nobody fetched go after a while. */
async function answer(sql: Sql, answers: NonNullable<DeskWrite["answers"]>): Promise<void> {
  await sql.query(
    `UPDATE alarm_request SET answer = u.answer::json
     FROM unnest($1::bigint[], $2::text[]) AS u(id, answer) WHERE alarm_request.id = u.id`,
    [
      numberArray(answers.map(({ id }) => id)),
      answers.map(({ answer: given }) => JSON.stringify(given)),
    ],
  );
  await sql.query(
    "DELETE FROM alarm_request WHERE asked_at < clock_timestamp() - interval '10 minutes'",
  );
}
