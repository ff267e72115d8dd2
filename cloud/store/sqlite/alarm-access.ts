/** What anybody may see of the alarms, and ask of their desk: by the sink, or beside it. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type {
  AlarmOperation,
  AlarmState,
  JournalEntry,
  JournalQuery,
  Maintenance,
} from "#core/alarms/contract.ts";
import type { AlarmAccess, RequestAnswer } from "../desk-contract.ts";
import { inTransaction, reading } from "./database.ts";
import { DocumentTable } from "./document-table.ts";

/** Milliseconds since 1970 by the clock of the database, which is this machine's. */
export const NOW_MS = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

export class SqliteAlarmAccess implements AlarmAccess {
  readonly #db: DatabaseSync;
  readonly #states: DocumentTable<AlarmState>;
  readonly #maintenance: DocumentTable<Maintenance>;
  readonly #selectJournal: StatementSync;
  readonly #selectBacklog: StatementSync;
  readonly #insertRequest: StatementSync;
  readonly #selectAnswer: StatementSync;
  readonly #removeRequest: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#states = new DocumentTable(db, "alarm_state", "key", "state");
    this.#maintenance = new DocumentTable(db, "alarm_maintenance", "id", '"window"');
    this.#selectJournal = db.prepare(
      `SELECT entry FROM alarm_journal WHERE id < ?1 AND (?2 IS NULL OR key = ?2)
       ORDER BY id DESC LIMIT ?3`,
    );
    this.#selectBacklog = db.prepare(
      `SELECT (SELECT count(*) FROM alarm_outbox) AS notices,
         (SELECT count(*) FROM alarm WHERE serial > (SELECT cursor FROM desk)) AS transitions`,
    );
    this.#insertRequest = db.prepare(
      `INSERT INTO alarm_request (asked_at, operation) VALUES (${NOW_MS}, ?)`,
    );
    this.#selectAnswer = db.prepare("SELECT answer FROM alarm_request WHERE id = ?");
    this.#removeRequest = db.prepare("DELETE FROM alarm_request WHERE id = ?");
  }

  async states(): Promise<readonly AlarmState[]> {
    return reading(() => this.#states.all());
  }

  async maintenance(): Promise<readonly Maintenance[]> {
    return reading(() => this.#maintenance.all());
  }

  async journal({ before, limit, key }: JournalQuery): Promise<readonly JournalEntry[]> {
    const from = before ?? Number.MAX_SAFE_INTEGER;
    const rows = reading(() => this.#selectJournal.all(from, key ?? null, limit));
    return rows.map((row): JournalEntry => JSON.parse(String(row["entry"])));
  }

  async backlog(): Promise<{ notices: number; transitions: number }> {
    const row = reading(() => this.#selectBacklog.get());
    return { notices: Number(row?.["notices"]), transitions: Number(row?.["transitions"]) };
  }

  async ask(operation: AlarmOperation): Promise<number> {
    return inTransaction(this.#db, () =>
      Number(this.#insertRequest.run(JSON.stringify(operation)).lastInsertRowid),
    );
  }

  async answerOf(id: number): Promise<RequestAnswer | undefined> {
    const answer = reading(() => this.#selectAnswer.get(id))?.["answer"];
    if (typeof answer !== "string") return undefined;
    const parsed: RequestAnswer = JSON.parse(answer);
    return parsed;
  }

  async withdraw(id: number): Promise<void> {
    inTransaction(this.#db, () => this.#removeRequest.run(id));
  }
}
