/** What anybody may see of the alarms, and ask of their desk: by a sink, or beside it. */
import { createHash } from "node:crypto";
import type {
  AlarmOperation,
  AlarmState,
  JournalEntry,
  JournalQuery,
  Maintenance,
} from "#core/alarms/contract.ts";
import type { AlarmAccess, RequestAnswer } from "../desk-contract.ts";
import type { Sql } from "./database.ts";

export class PostgresAlarmAccess implements AlarmAccess {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async states(): Promise<readonly AlarmState[]> {
    return readStates(this.#sql);
  }

  async maintenance(): Promise<readonly Maintenance[]> {
    return readMaintenance(this.#sql);
  }

  async journal({ before, limit, key }: JournalQuery): Promise<readonly JournalEntry[]> {
    const { rows } = await this.#sql.query<{ entry: JournalEntry }>(
      `SELECT entry FROM alarm_journal WHERE id < $1 AND ($2::text IS NULL OR key_digest = $2)
       ORDER BY id DESC LIMIT $3`,
      [before ?? Number.MAX_SAFE_INTEGER, key === undefined ? null : digestOf(key), limit],
    );
    return rows.map(({ entry }) => entry);
  }

  async backlog(): Promise<{ notices: number; transitions: number }> {
    const { rows } = await this.#sql.query<{ notices: string; transitions: string }>(
      `SELECT (SELECT count(*) FROM alarm_outbox) AS notices,
         (SELECT count(*) FROM alarm WHERE serial > (SELECT cursor FROM desk)) AS transitions`,
    );
    return { notices: Number(rows[0]?.notices), transitions: Number(rows[0]?.transitions) };
  }

  async ask(operation: AlarmOperation): Promise<number> {
    const { rows } = await this.#sql.query<{ id: string }>(
      "INSERT INTO alarm_request (operation) VALUES ($1) RETURNING id",
      [JSON.stringify(operation)],
    );
    return Number(rows[0]?.id);
  }

  async answerOf(id: number): Promise<RequestAnswer | undefined> {
    const { rows } = await this.#sql.query<{ answer: RequestAnswer | null }>(
      "SELECT answer FROM alarm_request WHERE id = $1",
      [id],
    );
    return rows[0]?.answer ?? undefined;
  }

  async withdraw(id: number): Promise<void> {
    await this.#sql.query("DELETE FROM alarm_request WHERE id = $1", [id]);
  }
}

export async function readStates(sql: Sql): Promise<AlarmState[]> {
  const { rows } = await sql.query<{ state: AlarmState }>(
    "SELECT state FROM alarm_state ORDER BY digest",
  );
  return rows.map(({ state }) => state);
}

export async function readMaintenance(sql: Sql): Promise<Maintenance[]> {
  const { rows } = await sql.query<{ window: Maintenance }>(
    'SELECT "window" FROM alarm_maintenance ORDER BY digest',
  );
  return rows.map(({ window }) => window);
}

/** Stands for a key in an index. */
export function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("base64url");
}
