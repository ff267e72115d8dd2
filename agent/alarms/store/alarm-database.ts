/**
 * The folder in which the alarms are kept, as LevelDB (classic-level 3, LevelDB 1.20) may be trusted:
 *
 * - a synced write is followed by a sync of the directory, which LevelDB leaves out;
 * - after a failed write the same handle takes nothing more: it would accept it, and lose it;
 * - one that was not closed in order is read in another process first, for damage can abort the
 *   one that meets it; a damaged one is set aside, and a new one begins.
 *
 *   db/               the database
 *   in-use            lies there while it is open
 *   damaged-TIME/     a damaged one, as it was found, until somebody deletes it
 *
 * The lock of the buffer beside it keeps a second agent away.
 */
import { existsSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ClassicLevel } from "classic-level";
import { runChild } from "#core/child-program.ts";
import { messageOf } from "#core/errors.ts";
import { makeFolder } from "#core/folder.ts";
import type { Logger } from "#core/log.ts";
import {
  decodeRecord,
  JOURNAL_END,
  JOURNAL_START,
  journalIdOf,
  journalKey,
  KEPT_START,
} from "./record.ts";
import type { Verdict } from "./verify-program.ts";

type Database = ClassicLevel;

const VERIFY = new URL("./verify-program.ts", import.meta.url);
const DAMAGED = "damaged-";
/** Of databases that were set aside these many stay: more of them tell nothing new. */
const DAMAGED_MAX = 3;
const DAMAGE = /corruption|does not exist|No such file|Invalid argument|SIG(ABRT|SEGV|BUS)/i;

/** Some megabytes are kept: LevelDB's own choices would hold as much in memory. */
const SMALL = { writeBufferSize: 1024 * 1024, cacheSize: 512 * 1024 };

export interface ReadRecords {
  /** By key, all but the journal. */
  readonly kept: ReadonlyMap<string, unknown>;
  /** The ids of the journal's ends; 0 where it is empty. */
  readonly firstJournalId: number;
  readonly lastJournalId: number;
}

/** What to put, by key; undefined deletes. */
export type Changes = ReadonlyMap<string, string | undefined>;

export class AlarmDatabase {
  readonly #folder: string;
  readonly #log: Logger;
  #database: Database | undefined;
  #directory: FileHandle | undefined;

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Opens it, and reads what is kept; a damaged one is set aside. */
  async open(): Promise<ReadRecords> {
    makeFolder(this.#folder);
    if (existsSync(this.#path("in-use"))) await this.#verify();
    try {
      return await this.#openAndRead();
    } catch (error) {
      if (!DAMAGE.test(reasonOf(error))) throw error;
      await this.#closeHandles();
      await this.#setAside(reasonOf(error));
      return await this.#openAndRead();
    }
  }

  /** After a failed write. */
  async reopen(): Promise<void> {
    await this.#closeHandles();
    await this.#openHandles();
  }

  /** What lies there was not read when it was asked for, and counts no more: it is set aside. */
  async beginAnew(reason: string): Promise<void> {
    await this.#closeHandles();
    makeFolder(this.#folder);
    if (existsSync(this.#path("db"))) await this.#setAside(reason);
    await this.#openHandles();
  }

  /** Those of the keys that are on disk. */
  async which(keys: readonly string[]): Promise<Set<string>> {
    const found = await this.#opened().hasMany([...keys]);
    return new Set(keys.filter((_key, at) => found[at]));
  }

  async close(): Promise<void> {
    const wasOpen = this.#database !== undefined;
    await this.#closeHandles();
    if (wasOpen) await rm(this.#path("in-use"), { force: true });
  }

  /** All of it or nothing; when it resolves, it would survive a power cut. */
  async write(changes: Changes): Promise<void> {
    const operations = [...changes].map(([key, value]) =>
      value === undefined ? { type: "del" as const, key } : { type: "put" as const, key, value },
    );
    await this.#opened().batch(operations, { sync: true });
    await this.#directory?.sync();
  }

  /** Entries older than `before`, newest first. */
  async *journal(before: number): AsyncGenerator {
    const range = { gte: JOURNAL_START, lt: upTo(before), reverse: true };
    for await (const text of this.#opened().values(range)) {
      const record = decodeRecord(text);
      if (record) yield record.value;
    }
  }

  /** Whether a damaged one lies beside it. */
  async hasDamaged(): Promise<boolean> {
    return (await this.#damaged()).length > 0;
  }

  async #openAndRead(): Promise<ReadRecords> {
    await this.#openHandles();
    const database = this.#opened();
    const kept = new Map<string, unknown>();
    for await (const [key, text] of database.iterator({ gte: KEPT_START })) {
      const record = decodeRecord(text);
      if (!record) throw new Error(`Corruption: the checksum of ${key} does not hold`);
      kept.set(key, record.value);
    }
    const journal = { gte: JOURNAL_START, lt: JOURNAL_END, limit: 1 };
    const [first] = await database.keys(journal).all();
    const [last] = await database.keys({ ...journal, reverse: true }).all();
    return {
      kept,
      firstJournalId: first === undefined ? 0 : journalIdOf(first),
      lastJournalId: last === undefined ? 0 : journalIdOf(last),
    };
  }

  async #openHandles(): Promise<void> {
    const path = this.#path("db");
    // LevelDB answers a lost CURRENT file with a new, empty database.
    const isNew = !existsSync(path);
    await writeFile(this.#path("in-use"), "", { flush: true });
    const database: Database = new ClassicLevel(path);
    await database.open({ createIfMissing: isNew, ...SMALL });
    this.#database = database;
    this.#directory = await open(path, "r");
    if (!isNew) return;
    await this.#directory.sync();
    for (const folder of [this.#folder, dirname(this.#folder)]) await syncFolder(folder);
  }

  async #closeHandles(): Promise<void> {
    const database = this.#database;
    const directory = this.#directory;
    this.#database = undefined;
    this.#directory = undefined;
    await database?.close();
    await directory?.close();
  }

  async #verify(): Promise<void> {
    if (!existsSync(this.#path("db"))) return;
    const outcome = await runChild<Verdict>(VERIFY, [this.#path("db")]);
    const fault = outcome.kind === "answered" ? outcome.answer.fault : outcome.reason;
    if (fault === "") return;
    // A full disk or missing rights are no damage: the opening will tell.
    if (outcome.kind === "failed" && !DAMAGE.test(fault)) {
      this.#log.warn({ reason: fault }, "the kept alarms could not be verified");
      return;
    }
    await this.#setAside(fault);
  }

  async #setAside(reason: string): Promise<void> {
    const name = `${DAMAGED}${new Date().toISOString().replaceAll(":", "")}`;
    this.#log.error({ reason, kept: name }, "the kept alarms are damaged, and begin anew");
    await rename(this.#path("db"), this.#path(name));
    await syncFolder(this.#folder);
    for (const old of (await this.#damaged()).slice(0, -DAMAGED_MAX)) {
      await rm(this.#path(old), { recursive: true, force: true });
    }
  }

  /** By name, and so by age. */
  async #damaged(): Promise<string[]> {
    const names = await readdir(this.#folder);
    return names.filter((name) => name.startsWith(DAMAGED)).toSorted();
  }

  #opened(): Database {
    if (!this.#database) throw new Error("the database of the alarms is not open");
    return this.#database;
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

function upTo(before: number): string {
  return Number.isFinite(before) ? journalKey(before) : JOURNAL_END;
}

/** classic-level puts what LevelDB said into the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}

async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
