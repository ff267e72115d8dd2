/** The alarm desk's part of the embedded store. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { AlarmOperation } from "#core/alarms/contract.ts";
import {
  type AlarmRequest,
  type DeskLease,
  type DeskStore,
  type DeskWrite,
  type GatewayMark,
  type KeptDesk,
  type NumberedAlarm,
  REPORT_VALID_MS,
  REQUEST_VALID_MS,
  type SinkReport,
} from "../desk-contract.ts";
import { NOW_MS, SqliteAlarmAccess } from "./alarm-access.ts";
import type { AlarmTable } from "./alarm-table.ts";
import { inTransaction, reading } from "./database.ts";
import { DeskTables } from "./desk-tables.ts";

export class SqliteDesk extends SqliteAlarmAccess implements DeskStore {
  readonly #db: DatabaseSync;
  readonly #tables: DeskTables;
  readonly #alarms: AlarmTable;
  readonly #claim: StatementSync;
  readonly #release: StatementSync;
  readonly #hold: StatementSync;
  readonly #clear: StatementSync;
  readonly #selectGivenUp: StatementSync;
  readonly #selectRequests: StatementSync;
  readonly #selectGateways: StatementSync;
  readonly #writeReport: StatementSync;
  readonly #trimReports: StatementSync;
  readonly #selectReports: StatementSync;

  constructor(db: DatabaseSync, alarms: AlarmTable) {
    super(db);
    this.#db = db;
    this.#alarms = alarms;
    this.#tables = new DeskTables(db, alarms);
    this.#claim = db.prepare(
      `UPDATE desk SET term = term + (owner <> ?1), owner = ?1, until = ${NOW_MS} + ?2
       WHERE owner IN (?1, '') OR until < ${NOW_MS} RETURNING term`,
    );
    this.#release = db.prepare("UPDATE desk SET owner = '' WHERE owner = ? AND term = ?");
    this.#hold = db.prepare("SELECT 1 FROM desk WHERE owner = ? AND term = ?");
    this.#clear = db.prepare("UPDATE desk SET owner = '' WHERE owner <> ''");
    this.#selectGivenUp = db.prepare("SELECT given_up FROM alarm_loss");
    this.#selectRequests = db.prepare(
      `SELECT id, operation FROM alarm_request
       WHERE answer IS NULL AND asked_at >= ${NOW_MS} - ${REQUEST_VALID_MS} ORDER BY id LIMIT ?`,
    );
    this.#selectGateways = db.prepare(
      `SELECT gateway, max(seen_at) AS seen, min(watermark) FILTER (WHERE seen_at >= ?) AS watermark,
         max(watermark) AS newest
       FROM lane GROUP BY gateway ORDER BY gateway`,
    );
    this.#writeReport = db.prepare(
      `INSERT OR REPLACE INTO sink_report (name, reported_at, report) VALUES (?, ${NOW_MS}, ?)`,
    );
    this.#trimReports = db.prepare(
      `DELETE FROM sink_report WHERE reported_at < ${NOW_MS} - ${REPORT_VALID_MS}`,
    );
    this.#selectReports = db.prepare(
      `SELECT report FROM sink_report WHERE reported_at >= ${NOW_MS} - ${REPORT_VALID_MS}`,
    );
  }

  /** Whoever held it is dead: the store's lock says so. */
  clearOwner(): void {
    this.#clear.run();
  }

  async claim(owner: string, ttlMs: number): Promise<DeskLease | undefined> {
    return inTransaction(this.#db, () => {
      const term = this.#claim.get(owner, ttlMs)?.["term"];
      return term === undefined ? undefined : { owner, term: Number(term) };
    });
  }

  async release({ owner, term }: DeskLease): Promise<void> {
    inTransaction(this.#db, () => this.#release.run(owner, term));
  }

  async load(): Promise<KeptDesk> {
    return reading(() => this.#tables.load());
  }

  async commit({ owner, term }: DeskLease, write: DeskWrite): Promise<boolean> {
    return inTransaction(this.#db, () => {
      if (this.#hold.get(owner, term) === undefined) return false;
      this.#tables.write(write);
      return true;
    });
  }

  async transitionsAfter(serial: number, limit: number): Promise<readonly NumberedAlarm[]> {
    return reading(() => this.#alarms.after(serial, limit));
  }

  async givenUp(): Promise<number> {
    return Number(reading(() => this.#selectGivenUp.get())?.["given_up"]);
  }

  async requests(limit: number): Promise<readonly AlarmRequest[]> {
    const rows = reading(() => this.#selectRequests.all(limit));
    return rows.map((row): AlarmRequest => {
      const operation: AlarmOperation = JSON.parse(String(row["operation"]));
      return { id: Number(row["id"]), operation };
    });
  }

  async gateways(idleBeforeMs: number): Promise<readonly GatewayMark[]> {
    const rows = reading(() => this.#selectGateways.all(Math.trunc(idleBeforeMs)));
    return rows.map((row): GatewayMark => {
      const watermark = row["watermark"];
      return {
        gateway: String(row["gateway"]),
        seenAtMs: Number(row["seen"]),
        watermarkMs: typeof watermark === "number" ? watermark : undefined,
        newestMs: Number(row["newest"]),
      };
    });
  }

  async report(report: SinkReport): Promise<void> {
    inTransaction(this.#db, () => {
      this.#writeReport.run(report.name, JSON.stringify(report));
      this.#trimReports.run();
    });
  }

  async reports(): Promise<readonly SinkReport[]> {
    const rows = reading(() => this.#selectReports.all());
    return rows.map((row): SinkReport => JSON.parse(String(row["report"])));
  }
}
