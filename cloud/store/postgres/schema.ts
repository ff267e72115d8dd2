/** Brings the database's tables up to date. Sinks that start at the same time wait for each other. */
import { PenstockError } from "#core/errors.ts";
import { SCHEMA } from "./connections.ts";
import type { Database, Sql } from "./database.ts";
import { MIGRATIONS } from "./migrations.ts";

/** Of an advisory lock; any number will do that nobody else takes. */
const MIGRATION_LOCK = 7_306_417;

/** @throws PenstockError STORE_FAILED, STORE_VERSION_UNKNOWN */
export async function prepareSchema(
  database: Database,
  migrations: readonly string[] = MIGRATIONS,
): Promise<void> {
  await database.transaction(async (sql) => {
    await sql.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    await refuseEncoding(sql);
    const version = await readVersion(sql);
    if (version > migrations.length) throw unknownVersion(version, migrations.length);
    for (const migration of migrations.slice(version)) await sql.query(migration);
    if (version === migrations.length) return;
    await sql.query("DELETE FROM schema_version");
    await sql.query("INSERT INTO schema_version VALUES ($1)", [migrations.length]);
  });
}

async function readVersion(sql: Sql): Promise<number> {
  const { rows } = await sql.query("SELECT FROM pg_namespace WHERE nspname = $1", [SCHEMA]);
  // Only where it is missing: a sink may run under a user who may not make schemas.
  if (rows.length === 0) await sql.query(`CREATE SCHEMA ${SCHEMA}`);
  await sql.query("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)");
  const found = await sql.query<{ version: number }>("SELECT version FROM schema_version");
  return found.rows[0]?.version ?? 0;
}

/** Names and values are any Unicode text. */
async function refuseEncoding(sql: Sql): Promise<void> {
  const { rows } = await sql.query<{ server_encoding: string }>("SHOW server_encoding");
  const encoding = rows[0]?.server_encoding;
  if (encoding === "UTF8") return;
  const message = `the database has the encoding ${encoding}: create it with ENCODING 'UTF8'`;
  throw new PenstockError("STORE_FAILED", message, { context: { encoding } });
}

function unknownVersion(version: number, known: number): PenstockError {
  const message = `the database has schema version ${version}; this program knows ${known}`;
  return new PenstockError("STORE_VERSION_UNKNOWN", message, { context: { version, known } });
}
