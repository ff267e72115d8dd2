/** What the alarm desk writes, within one transaction. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { AlarmState, AlarmWrite, Maintenance, OutboxEntry } from "#core/alarms/contract.ts";
import {
  ALARM_JOURNAL_MAX,
  type DeskWrite,
  type KeptDesk,
  type KeptMemory,
} from "../desk-contract.ts";
import { NOW_MS } from "./alarm-access.ts";
import type { AlarmTable } from "./alarm-table.ts";
import { DocumentTable } from "./document-table.ts";

/** Answers that nobody fetched. */
const ANSWER_KEPT_MS = 600_000;

export class DeskTables {
  readonly #states: DocumentTable<AlarmState>;
  readonly #maintenance: DocumentTable<Maintenance>;
  readonly #outbox: DocumentTable<OutboxEntry>;
  readonly #insertJournal: StatementSync;
  readonly #trimJournal: StatementSync;
  readonly #writeMemory: StatementSync;
  readonly #removeMemory: StatementSync;
  readonly #selectMemory: StatementSync;
  readonly #moveCursor: StatementSync;
  readonly #selectDesk: StatementSync;
  readonly #answer: StatementSync;
  readonly #trimRequests: StatementSync;
  readonly #alarms: AlarmTable;

  constructor(db: DatabaseSync, alarms: AlarmTable) {
    this.#alarms = alarms;
    this.#states = new DocumentTable(db, "alarm_state", "key", "state");
    this.#maintenance = new DocumentTable(db, "alarm_maintenance", "id", '"window"');
    this.#outbox = new DocumentTable(db, "alarm_outbox", "id", "entry");
    this.#insertJournal = db.prepare("INSERT INTO alarm_journal (id, key, entry) VALUES (?, ?, ?)");
    this.#trimJournal = db.prepare("DELETE FROM alarm_journal WHERE id <= ?");
    this.#writeMemory = db.prepare("INSERT OR REPLACE INTO rule_memory VALUES (?, ?)");
    this.#removeMemory = db.prepare("DELETE FROM rule_memory WHERE key = ?");
    this.#selectMemory = db.prepare("SELECT key, text FROM rule_memory");
    this.#moveCursor = db.prepare("UPDATE desk SET cursor = ?");
    this.#selectDesk = db.prepare(
      "SELECT cursor, (SELECT coalesce(max(id), 0) FROM alarm_journal) AS newest FROM desk",
    );
    this.#answer = db.prepare("UPDATE alarm_request SET answer = ? WHERE id = ?");
    this.#trimRequests = db.prepare(
      `DELETE FROM alarm_request WHERE asked_at < ${NOW_MS} - ${ANSWER_KEPT_MS}`,
    );
  }

  load(): KeptDesk {
    const desk = this.#selectDesk.get();
    return {
      states: this.#states.all(),
      maintenance: this.#maintenance.all(),
      outbox: this.#outbox.all(),
      lastJournalId: Number(desk?.["newest"]),
      cursor: Number(desk?.["cursor"]),
      memory: this.#selectMemory
        .all()
        .map((row): KeptMemory => ({ key: String(row["key"]), text: String(row["text"]) })),
    };
  }

  write(write: DeskWrite): void {
    if (write.alarms) this.#writeAlarms(write.alarms);
    for (const alarm of write.raised ?? []) this.#alarms.add(alarm);
    if (write.cursor !== undefined) this.#moveCursor.run(write.cursor);
    for (const { key, text } of write.memory ?? []) this.#writeMemory.run(key, text);
    for (const key of write.forgottenMemory ?? []) this.#removeMemory.run(key);
    if (!write.answers) return;
    for (const { id, answer } of write.answers) this.#answer.run(JSON.stringify(answer), id);
    this.#trimRequests.run();
  }

  #writeAlarms(write: AlarmWrite): void {
    for (const state of write.states ?? []) this.#states.put(state.key, state);
    for (const key of write.forgotten ?? []) this.#states.remove(key);
    for (const window of write.maintenance ?? []) this.#maintenance.put(window.id, window);
    for (const id of write.maintenanceEnded ?? []) this.#maintenance.remove(id);
    for (const entry of write.outbox ?? []) this.#outbox.put(entry.id, entry);
    for (const id of write.outboxDone ?? []) this.#outbox.remove(id);
    const { journal = [] } = write;
    for (const entry of journal)
      this.#insertJournal.run(entry.id, entry.key, JSON.stringify(entry));
    const newest = journal.at(-1);
    if (newest) this.#trimJournal.run(newest.id - ALARM_JOURNAL_MAX);
  }
}
