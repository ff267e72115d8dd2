/** Brings the database's tables up to date. */
import type { DatabaseSync } from "node:sqlite";
import { PenstockError } from "#core/errors.ts";
import { MIGRATIONS } from "./migrations.ts";

/** @throws PenstockError STORE_VERSION_UNKNOWN */
export function prepareSchema(db: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  const known = migrations.length;
  if (version === known) return;
  if (version > known) {
    const message = `the database has schema version ${version}; this program knows ${known}`;
    throw new PenstockError("STORE_VERSION_UNKNOWN", message, { context: { version, known } });
  }
  const steps = migrations.slice(version).join("\n");
  db.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${known}; COMMIT`);
}
