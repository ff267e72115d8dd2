/**
 * Runs transactions. Conflicts with other writers are tried again here and nowhere else. When the
 * connection breaks during a commit, the database itself is asked whether it took place.
 */
import type { Client, Pool, PoolClient, QueryResult, QueryResultRow } from "pg";
import type { Clock } from "#core/clock.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { type Connections, connectionsTo } from "./connections.ts";
import { Deposed, isConflict, mayHaveCommitted, storeError } from "./database-errors.ts";

/** What statements run on: a connection within a transaction, or any. */
export interface Sql {
  query<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<R>>;
}

export interface DatabaseOptions {
  /** May hold a password: it goes nowhere but to the driver. */
  url: string;
  clock: Clock;
  random: Random;
  log: RateLimitedLog;
}

const ATTEMPTS_MAX = 6;
const RETRY_MS_MAX = 50;
const OUTCOME_MS_MAX = 15_000;
const OUTCOME_POLL_MS = 200;

export class Database {
  readonly #options: DatabaseOptions;
  readonly #connections: Connections;
  /** Transactions that were tried again because of other writers. */
  conflicts = 0;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#connections = connectionsTo(options.url, options.log);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#connections.work.end(), this.#connections.reading.end()]);
  }

  dedicated(): Client {
    return this.#connections.dedicated();
  }

  /** One statement on its own. @throws PenstockError STORE_FAILED */
  async query<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<R>> {
    try {
      return await this.#connections.work.query<R>(text, values);
    } catch (error) {
      throw storeError(error);
    }
  }

  /**
   * Runs `work` in one transaction; when it throws, nothing of it is written.
   * `work` may run several times; `undo` forgets what a failed run has left in memory.
   * @throws PenstockError STORE_FAILED, Deposed
   */
  async transaction<T>(work: (sql: Sql) => Promise<T>, undo: () => void = noTrace): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        undo();
        if (!isConflict(error) || attempt >= ATTEMPTS_MAX) throw storeError(error);
        this.conflicts += 1;
        const delayMs = this.#options.random.int(RETRY_MS_MAX) + 1;
        await this.#options.clock.sleep(delayMs, { name: "after a conflict" });
      }
    }
  }

  /** All that `read` sees is of one moment. @throws PenstockError STORE_FAILED */
  async *snapshot<T>(read: (sql: Sql) => AsyncGenerator<T, void, void>): AsyncGenerator<T> {
    let client: PoolClient | undefined;
    let isDone = false;
    try {
      client = await this.#connections.reading.connect();
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      yield* read(client);
      await client.query("COMMIT");
      isDone = true;
    } catch (error) {
      throw storeError(error);
    } finally {
      // Left early, or failed: the connection goes, and its transaction with it.
      client?.release(!isDone);
    }
  }

  async #attempt<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.#connections.work.connect();
    let isClean = false;
    try {
      const xid = await begin(client);
      const result = await work(client);
      await this.#commit(client, xid);
      isClean = true;
      return result;
    } catch (error) {
      isClean = await rolledBack(client);
      throw error;
    } finally {
      client.release(!isClean);
    }
  }

  async #commit(client: PoolClient, xid: string): Promise<void> {
    try {
      await client.query("COMMIT");
    } catch (error) {
      if (!mayHaveCommitted(error)) throw error;
      if (!(await this.#hasCommitted(xid))) throw error;
    }
  }

  /** @throws Deposed when the database cannot be asked for long */
  async #hasCommitted(xid: string): Promise<boolean> {
    const { clock, log } = this.#options;
    const deadlineMs = clock.monotonic() + OUTCOME_MS_MAX;
    while (clock.monotonic() < deadlineMs) {
      const status = await statusOf(this.#connections.work, xid);
      if (status === "committed") return true;
      if (status === "aborted") return false;
      log.warn("outcome", { status }, "a commit was cut off: asking the database how it ended");
      await clock.sleep(OUTCOME_POLL_MS, { name: "outcome of a commit" });
    }
    throw new Deposed("the connection broke during a commit");
  }
}

function noTrace(): void {}

/** Gives the transaction's id, by which its outcome can be asked for. */
async function begin(client: PoolClient): Promise<string> {
  await client.query("BEGIN");
  const { rows } = await client.query<{ xid: string }>("SELECT pg_current_xact_id()::text AS xid");
  const [row] = rows;
  if (!row) throw new TypeError("a transaction without an id");
  return row.xid;
}

async function rolledBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query("ROLLBACK");
    return true;
  } catch {
    // The connection is broken, and with it the transaction is gone; the cause is thrown already.
    return false;
  }
}

async function statusOf(pool: Pool, xid: string): Promise<string | undefined> {
  try {
    const { rows } = await pool.query<{ status: string | null }>(
      "SELECT CASE WHEN $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) THEN pg_xact_status($1::xid8) ELSE 'aborted' END AS status",
      [xid],
    );
    return rows[0]?.status ?? undefined;
  } catch {
    // The database is away; the caller asks again.
    return undefined;
  }
}
