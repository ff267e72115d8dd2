/** Brings the database's tables up to date. */
import type { DatabaseSync } from "node:sqlite";
import { PenstockError } from "#core/errors.ts";
import { MIGRATIONS } from "./migrations.ts";

/** @throws PenstockError STORE_VERSION_UNKNOWN */
export function prepareSchema(db: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  const version = versionOf(db);
  const known = migrations.length;
  if (version === known) return;
  if (version > known) throw unknownVersion(version, known);
  const steps = migrations.slice(version).join("\n");
  db.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${known}; COMMIT`);
}

/** For who may not change them. @throws PenstockError STORE_VERSION_UNKNOWN */
export function checkSchema(db: DatabaseSync): void {
  const version = versionOf(db);
  if (version !== MIGRATIONS.length) throw unknownVersion(version, MIGRATIONS.length);
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}

function unknownVersion(version: number, known: number): PenstockError {
  const message = `the database has schema version ${version}; this program knows ${known}`;
  return new PenstockError("STORE_VERSION_UNKNOWN", message, { context: { version, known } });
}
