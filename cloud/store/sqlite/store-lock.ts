/**
 * One process a database: a second sink would write rows that the first holds partly in memory. The
 * lock is SQLite's own, on a file beside the database, so it ends with its process, even by kill -9,
 * and other programs may go on reading the database itself.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf, PenstockError } from "#core/errors.ts";
import { makeFolder } from "#core/folder.ts";

const SQLITE_BUSY = 5;

export class StoreLock {
  readonly #folder: string;
  #db: DatabaseSync | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws PenstockError STORE_LOCKED, STORE_FAILED */
  take(): void {
    let db: DatabaseSync | undefined;
    try {
      makeFolder(this.#folder);
      db = new DatabaseSync(join(this.#folder, "sink.lock"), { timeout: 0 });
      db.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
      this.#db = db;
    } catch (error) {
      db?.close();
      throw this.#lockError(error);
    }
  }

  release(): void {
    this.#db?.close();
    this.#db = undefined;
  }

  #lockError(cause: unknown): PenstockError {
    const context = { folder: this.#folder };
    if (cause instanceof Error && Reflect.get(cause, "errcode") === SQLITE_BUSY) {
      const message = `another sink uses the database in ${this.#folder}: stop it, or give this one a folder of its own`;
      return new PenstockError("STORE_LOCKED", message, { cause, context });
    }
    const message = `cannot lock the database in ${this.#folder}: ${messageOf(cause)}`;
    return new PenstockError("STORE_FAILED", message, { cause, context });
  }
}
