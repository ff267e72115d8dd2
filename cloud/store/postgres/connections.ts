/**
 * Connections to the database. Every session ends by itself what its process no longer attends to:
 * a sink that was stopped in the middle of a transaction must not hold its locks for long.
 */
import { Client, Pool, type PoolConfig } from "pg";
import { messageOf } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";

/** Everything lies in a schema of its own, beside whatever else the database holds. */
export const SCHEMA = "penstock";

/**
 * A commit counts only when it has reached the disk: a database that forgot the newest commits after
 * a crash would be behind what the sink has in memory.
 */
const SESSION = `-c search_path=${SCHEMA} -c synchronous_commit=on -c client_min_messages=warning`;
const CONNECT_MS_MAX = 5000;
const WORK = {
  max: 4,
  lock_timeout: 5000,
  statement_timeout: 30_000,
  // The server cuts a transaction that stands idle: its process is stopped, or out of reach.
  idle_in_transaction_session_timeout: 5000,
  // For a server that no longer answers at all.
  query_timeout: 40_000,
};
/** Queries of people hold a snapshot while they are read at the reader's pace. */
const READING = {
  max: 4,
  statement_timeout: 60_000,
  idle_in_transaction_session_timeout: 60_000,
  query_timeout: 70_000,
};

function common(url: string): PoolConfig {
  return {
    connectionString: url,
    application_name: "penstock-cloud",
    options: SESSION,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    keepAlive: true,
  };
}

export interface Connections {
  /** For accepting, folding and whatever else writes. */
  work: Pool;
  reading: Pool;
  /** One that lives as long as its holder: the sign of life of this process. */
  dedicated(): Client;
}

/** Opens nothing yet. */
export function connectionsTo(url: string, log: RateLimitedLog): Connections {
  const work = new Pool({ ...common(url), ...WORK });
  const reading = new Pool({ ...common(url), ...READING });
  for (const pool of [work, reading]) {
    const note = (error: Error): void => {
      log.warn("connection", { reason: messageOf(error) }, "a connection to the database broke");
    };
    // One that breaks in idleness is replaced; one that breaks in use fails its statement as well.
    pool.on("error", note).on("connect", (client) => client.on("error", note));
  }
  return { work, reading, dedicated: () => new Client({ ...common(url), ...WORK }) };
}
