/** Opens the embedded database so that a commit survives a power cut. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf, PenstockError } from "#core/errors.ts";
import { makeFolder } from "#core/folder.ts";
import { checkSchema, prepareSchema } from "./schema.ts";

const FILE = "sink.sqlite";
const BUSY_MS_MAX = 5000;
/**
 * A checkpoint copies the log's pages into the database and costs two syncs: at the default of
 * 1,000 pages it would come every second at full stretch.
 */
const CHECKPOINT_PAGES = 4000;

/**
 * WAL with `synchronous=FULL`: each commit syncs the log.
 * @throws PenstockError STORE_FAILED, STORE_VERSION_UNKNOWN
 */
export function openDatabase(folder: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    makeFolder(folder);
    db = new DatabaseSync(join(folder, FILE), { timeout: BUSY_MS_MAX });
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL");
    db.exec("PRAGMA cache_size = -32768");
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    prepareSchema(db);
    return db;
  } catch (error) {
    db?.close();
    throw storeFailed(`cannot open the database in ${folder}`, error);
  }
}

/**
 * Opens it beside the sink that it belongs to, whether that runs or not.
 * @throws PenstockError STORE_FAILED, STORE_VERSION_UNKNOWN
 */
export function openBeside(folder: string): DatabaseSync {
  const path = join(folder, FILE);
  if (!existsSync(path)) {
    throw new PenstockError("STORE_FAILED", `no sink has made a database in ${folder} yet`);
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_MS_MAX });
    db.exec("PRAGMA synchronous = FULL");
    checkSchema(db);
    return db;
  } catch (error) {
    db?.close();
    throw storeFailed(`cannot open the database in ${folder}`, error);
  }
}

/** Anything else that is thrown is a programmer's error, or the caller's own. */
function isSqliteError(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, "code") === "ERR_SQLITE_ERROR";
}

/**
 * Runs `work` in one transaction; when it throws, nothing of it is written.
 * @throws PenstockError STORE_FAILED, or what `work` throws as a PenstockError
 */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  try {
    db.exec("BEGIN IMMEDIATE");
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw isSqliteError(error) ? storeFailed("the transaction failed", error) : error;
  }
}

/** Runs a query that stands alone. @throws PenstockError STORE_FAILED */
export function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isSqliteError(error) ? storeFailed("the database cannot be read", error) : error;
  }
}

function storeFailed(what: string, error: unknown): PenstockError {
  if (error instanceof PenstockError) return error;
  return new PenstockError("STORE_FAILED", `${what}: ${messageOf(error)}`, { cause: error });
}
