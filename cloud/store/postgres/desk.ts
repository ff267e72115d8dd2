/**
 * The alarm desk's part of the store that several sinks share. The lease is a row: whoever claims it
 * waits for the transaction of whoever holds it, and each write of the holder locks and checks it.
 */
import type { AlarmOperation } from "#core/alarms/contract.ts";
import { PenstockError } from "#core/errors.ts";
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
import { PostgresAlarmAccess } from "./alarm-access.ts";
import type { AlarmTable } from "./alarm-table.ts";
import type { Database, Sql } from "./database.ts";
import { Deposed } from "./database-errors.ts";
import { readDesk, writeDesk } from "./desk-tables.ts";

export class PostgresDesk extends PostgresAlarmAccess implements DeskStore {
  readonly #database: Database;
  readonly #alarms: AlarmTable;
  readonly #sinkId: () => number;

  /** @param sinkId of this process; throws while it has none */
  constructor(database: Database, alarms: AlarmTable, sinkId: () => number) {
    super(database);
    this.#database = database;
    this.#alarms = alarms;
    this.#sinkId = sinkId;
  }

  async claim(owner: string, ttlMs: number): Promise<DeskLease | undefined> {
    const values = [owner, ttlMs / 1000, this.#sinkId()];
    const { rows } = await this.#database.query<{ term: string }>(CLAIM, values);
    const [row] = rows;
    return row && { owner, term: Number(row.term) };
  }

  async release({ owner, term }: DeskLease): Promise<void> {
    const free = "UPDATE desk SET owner = '' WHERE owner = $1 AND term = $2";
    await this.#database.query(free, [owner, term]);
  }

  async load(): Promise<KeptDesk> {
    return readDesk(this.#database);
  }

  async commit({ owner, term }: DeskLease, write: DeskWrite): Promise<boolean> {
    return this.#transaction(async (sql) => {
      const held = await sql.query("SELECT FROM desk WHERE owner = $1 AND term = $2 FOR UPDATE", [
        owner,
        term,
      ]);
      if (held.rows.length === 0) return false;
      await writeDesk(sql, write, this.#alarms);
      return true;
    });
  }

  /** One of which nobody knows how it ended is like one that failed: who goes on reads what is there. */
  async #transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    try {
      return await this.#database.transaction(work);
    } catch (error) {
      if (!(error instanceof Deposed)) throw error;
      throw new PenstockError("STORE_FAILED", error.message, { cause: error });
    }
  }

  async transitionsAfter(serial: number, limit: number): Promise<readonly NumberedAlarm[]> {
    return this.#alarms.after(this.#database, serial, limit);
  }

  async givenUp(): Promise<number> {
    const { rows } = await this.#database.query<{ given_up: string }>(
      "SELECT given_up FROM alarm_loss",
    );
    return Number(rows[0]?.given_up);
  }

  async requests(limit: number): Promise<readonly AlarmRequest[]> {
    const { rows } = await this.#database.query<{ id: string; operation: AlarmOperation }>(
      `SELECT id, operation FROM alarm_request
       WHERE answer IS NULL AND asked_at >= clock_timestamp() - make_interval(secs => $1)
       ORDER BY id LIMIT $2`,
      [REQUEST_VALID_MS / 1000, limit],
    );
    return rows.map(({ id, operation }) => ({ id: Number(id), operation }));
  }

  async gateways(idleBeforeMs: number): Promise<readonly GatewayMark[]> {
    const { rows } = await this.#database.query<{
      gateway: string;
      seen: string;
      watermark: number | null;
      newest: number;
    }>(
      `SELECT gateway, max(seen_at) AS seen, min(watermark) FILTER (WHERE seen_at >= $1) AS watermark,
         max(watermark) AS newest
       FROM lane GROUP BY gateway ORDER BY gateway`,
      [Math.trunc(idleBeforeMs)],
    );
    return rows.map(({ gateway, seen, watermark, newest }) => ({
      gateway,
      seenAtMs: Number(seen),
      watermarkMs: watermark ?? undefined,
      newestMs: newest,
    }));
  }

  async report(report: SinkReport): Promise<void> {
    await this.#database.query(
      `INSERT INTO sink_report (name, reported_at, report) VALUES ($1, clock_timestamp(), $2)
       ON CONFLICT (name) DO UPDATE SET reported_at = excluded.reported_at, report = excluded.report`,
      [report.name, JSON.stringify(report)],
    );
    await this.#database.query(
      `DELETE FROM sink_report
       WHERE reported_at < clock_timestamp() - make_interval(secs => $1)`,
      [REPORT_VALID_MS / 1000],
    );
  }

  async reports(): Promise<readonly SinkReport[]> {
    const { rows } = await this.#database.query<{ report: SinkReport }>(
      `SELECT report FROM sink_report
       WHERE reported_at >= clock_timestamp() - make_interval(secs => $1)`,
      [REPORT_VALID_MS / 1000],
    );
    return rows.map(({ report }) => report);
  }
}

/** A lease that waits for its row sees it as it then is: of two that claim, one wins. */
const CLAIM = `
UPDATE desk SET term = term + (owner <> $1)::integer, owner = $1, sink_id = $3,
  until = clock_timestamp() + make_interval(secs => $2)
WHERE owner IN ($1, '') OR until < clock_timestamp()
  OR NOT EXISTS (SELECT FROM sink WHERE sink.id = desk.sink_id AND NOT retired)
RETURNING term`;
