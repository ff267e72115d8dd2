/** A table of JSON documents by a key. The names of table and columns are the program's own. */
import type { DatabaseSync, StatementSync } from "node:sqlite";

export class DocumentTable<T> {
  readonly #write: StatementSync;
  readonly #remove: StatementSync;
  readonly #select: StatementSync;

  constructor(db: DatabaseSync, table: string, key: string, column: string) {
    this.#write = db.prepare(`INSERT OR REPLACE INTO ${table} (${key}, ${column}) VALUES (?, ?)`);
    this.#remove = db.prepare(`DELETE FROM ${table} WHERE ${key} = ?`);
    this.#select = db.prepare(`SELECT ${column} AS document FROM ${table} ORDER BY ${key}`);
  }

  put(key: string, document: T): void {
    this.#write.run(key, JSON.stringify(document));
  }

  remove(key: string): void {
    this.#remove.run(key);
  }

  all(): T[] {
    return this.#select.all().map((row): T => JSON.parse(String(row["document"])));
  }
}
