/**
 * `log.json` in the log's folder: made once with the log, never changed. Its `createdAtMs` is what
 * clients see as the hub's creation time, and tells them apart a log that was made anew.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PenstockError } from "#core/errors.ts";
import { makeDurableFolder, syncFolder, writeDurably } from "../durable-file.ts";

const IDENTITY_FILE = "log.json";
const CLEAN_FILE = "clean-stop";
const FORMAT = 1;

export interface LogIdentity {
  createdAtMs: number;
  partitions: number;
}

/** The identity of the log in `folder`, made if there is none; a log never changes its partitions. */
export function openIdentity(folder: string, partitions: number, nowMs: number): LogIdentity {
  makeDurableFolder(folder);
  const path = join(folder, IDENTITY_FILE);
  if (existsSync(path)) return readIdentity(path, partitions);
  const identity: LogIdentity = { createdAtMs: nowMs, partitions };
  writeDurably(path, JSON.stringify({ format: FORMAT, ...identity }));
  return identity;
}

function readIdentity(path: string, partitions: number): LogIdentity {
  const found = parsed(readFileSync(path, "utf8"));
  if (!isIdentity(found)) {
    throw new PenstockError(
      "HUB_LOG_FAILED",
      `${path} is damaged, or of a format not known here: restore it, or start the hub with another --data folder.`,
    );
  }
  if (found.partitions !== partitions) {
    throw new PenstockError(
      "HUB_LOG_FAILED",
      `The hub's log was made with ${found.partitions} partitions and cannot be opened with ${partitions}: start it with --partitions ${found.partitions}, or with another --data folder.`,
      { context: { path } },
    );
  }
  return { createdAtMs: found.createdAtMs, partitions: found.partitions };
}

/** What cannot be parsed is no identity. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isIdentity(value: unknown): value is LogIdentity {
  if (typeof value !== "object" || value === null) return false;
  if (!("format" in value && "createdAtMs" in value && "partitions" in value)) return false;
  const { format, createdAtMs, partitions } = value;
  return format === FORMAT && typeof createdAtMs === "number" && typeof partitions === "number";
}

/** Where the log ended at its last clean stop; the note is gone as soon as it was read. */
export function takeCleanEnd(folder: string): number | undefined {
  const path = join(folder, CLEAN_FILE);
  if (!existsSync(path)) return undefined;
  const end = Number(readFileSync(path, "utf8"));
  rmSync(path);
  syncFolder(folder);
  return Number.isSafeInteger(end) ? end : undefined;
}

/** Notes a clean stop. It need not be durable: without it, recovery is merely more careful. */
export function noteCleanEnd(folder: string, end: number): void {
  writeFileSync(join(folder, CLEAN_FILE), String(end), { mode: 0o600 });
}
