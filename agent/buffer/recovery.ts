/**
 * What happens before a database is opened that was not closed in order, and to one that is damaged.
 *
 *   db/                        the database
 *   damaged/db-TIME/           a damaged one, as it was found: kept until somebody deletes it
 *   scratch/                   links to the files, for LevelDB to verify or repair
 *   db.new/                    takes up what is sound, and then takes the place of db/
 *
 * Each step can be interrupted: the notes say what was under way, and the next start does it again.
 */
import { copyFile, link, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { type ChildOutcome, runChild } from "#core/child-program.ts";
import { messageOf, PenstockError, systemCodeOf } from "#core/errors.ts";
import { makeFolder } from "#core/folder.ts";
import type { Logger } from "#core/log.ts";
import { type GuardNotes, readNotes, syncFolder, writeNotes } from "./guard-notes.ts";
import { isLogWhole } from "./leveldb-log.ts";
import type { Salvage } from "./salvage-program.ts";
import { settleSalvage } from "./salvaged-state.ts";
import type { Verdict } from "./verify-program.ts";

export const DAMAGED_FOLDER = "damaged";
const SCRATCH_FOLDER = "scratch";

const VERIFY = new URL("./verify-program.ts", import.meta.url);
const SALVAGE = new URL("./salvage-program.ts", import.meta.url);
/** Each costs some tenths of a second; to find one bad table among 500 takes about 20. */
const CHILDREN_MAX = 64;
/** Of databases that were set aside, these many stay; disks that damage more have told enough. */
const KEPT_MAX = 5;
/** An empty table is an "invalid argument" to mmap. */
const DAMAGE = /corruption|does not exist|No such file|Invalid argument|SIG(ABRT|SEGV|BUS)/i;

export class Recovery {
  readonly #folder: string;
  readonly #log: Logger;

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Makes the database ready to be opened. Undefined where there is none yet. */
  async prepare(): Promise<GuardNotes | undefined> {
    const notes = await readNotes(this.#folder);
    if (notes?.salvaging !== undefined) return this.#salvage(notes.salvaging);
    if (!notes?.inUse) return notes;
    if (!(await this.#areWhole(/^MANIFEST-/))) return this.rescue("the manifest is damaged");
    // Before anything opens it: an opening replaces the log.
    const epochInDoubt = notes.epochInDoubt || !(await this.#areWhole(/\.log$/));
    if (epochInDoubt) await writeNotes(this.#folder, { ...notes, epochInDoubt });
    const outcome = await this.#verify();
    if (outcome.kind === "answered" && outcome.answer.sound) return { ...notes, epochInDoubt };
    if (outcome.kind === "answered") return this.rescue(outcome.answer.reason);
    if (isDamage(outcome.reason)) return this.rescue(outcome.reason);
    // Not for the data's sake: a lock, a full disk, missing rights. The opening will tell.
    this.#log.warn({ reason: outcome.reason }, "the buffer could not be verified");
    return { ...notes, epochInDoubt };
  }

  /** On links: an opening deletes the tables that the manifest does not name. */
  async #verify(): Promise<ChildOutcome<Verdict>> {
    const database = this.#path("db");
    try {
      await this.#linkFiles(database, await readdir(database));
    } catch (error) {
      return { kind: "failed", reason: messageOf(error) };
    }
    const outcome = await runChild<Verdict>(VERIFY, [this.#path(SCRATCH_FOLDER)]);
    await rm(this.#path(SCRATCH_FOLDER), { recursive: true, force: true });
    return outcome;
  }

  /** Sets the damaged database aside, and makes a new one from what is sound in it. */
  async rescue(reason: string): Promise<GuardNotes> {
    const name = `db-${new Date().toISOString().replaceAll(":", "")}`;
    this.#log.error({ reason, kept: name }, "the buffer is damaged: keeping what is sound in it");
    const notes: GuardNotes = { format: 1, inUse: true, epochInDoubt: true, salvaging: name };
    await writeNotes(this.#folder, notes);
    return this.#salvage(name);
  }

  async #salvage(name: string): Promise<GuardNotes> {
    const kept = this.#path(DAMAGED_FOLDER, name);
    makeFolder(kept);
    await this.#moveAside(kept);
    await rm(this.#path("db.new"), { recursive: true, force: true });
    const files = (await readdir(kept)).filter((file) => /\.(ldb|sst|log)$/.test(file));
    const found = await this.#salvageFiles(kept, files.toSorted(), { children: 0 });
    const database = new ClassicLevel<string, Buffer>(this.#path("db.new"), {
      valueEncoding: "buffer",
    });
    await database.open();
    const settled = await settleSalvage(database);
    await database.close();
    await rm(this.#path("db"), { recursive: true, force: true });
    await rename(this.#path("db.new"), this.#path("db"));
    await rm(this.#path(SCRATCH_FOLDER), { recursive: true, force: true });
    const notes: GuardNotes = { format: 1, inUse: true, epochInDoubt: true };
    await writeNotes(this.#folder, notes);
    await this.#forgetOldest();
    this.#log.error({ kept, ...found, ...settled }, "the buffer was repaired");
    return notes;
  }

  /** Nothing to move is left where the step was done before. */
  async #moveAside(kept: string): Promise<void> {
    if ((await readdir(kept)).length > 0) return;
    try {
      await rename(this.#path("db"), kept);
    } catch (error) {
      if (systemCodeOf(error) !== "ENOENT") throw error;
    }
    await syncFolder(this.#folder);
  }

  /** Where a file makes the program fail, those of the other half are salvaged without it. */
  async #salvageFiles(
    kept: string,
    files: readonly string[],
    tried: { children: number },
  ): Promise<Salvage> {
    if (files.length === 0 || tried.children >= CHILDREN_MAX) return { segments: 0, damaged: 0 };
    tried.children += 1;
    await this.#linkFiles(kept, files);
    const args = [this.#path(SCRATCH_FOLDER), this.#path("db.new")];
    const outcome = await runChild<Salvage>(SALVAGE, args);
    if (outcome.kind === "answered") return outcome.answer;
    if (!isDamage(outcome.reason)) throw noRepair(outcome.reason);
    this.#log.warn({ files: files.length, reason: outcome.reason }, "damaged files are left out");
    if (files.length === 1) return { segments: 0, damaged: 0 };
    const middle = files.length >> 1;
    const older = await this.#salvageFiles(kept, files.slice(0, middle), tried);
    const newer = await this.#salvageFiles(kept, files.slice(middle), tried);
    return {
      segments: older.segments + newer.segments,
      damaged: older.damaged + newer.damaged,
    };
  }

  /** LevelDB never changes these files in place, so links do, and take neither time nor space. */
  async #linkFiles(kept: string, files: readonly string[]): Promise<void> {
    const folder = this.#path(SCRATCH_FOLDER);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    for (const file of files) {
      const [from, to] = [join(kept, file), join(folder, file)];
      await link(from, to).catch(() => copyFile(from, to));
    }
  }

  /** A database in use has both a manifest and a log. */
  async #areWhole(name: RegExp): Promise<boolean> {
    const folder = this.#path("db");
    try {
      const files = (await readdir(folder)).filter((file) => name.test(file));
      for (const file of files) if (!isLogWhole(await readFile(join(folder, file)))) return false;
      return files.length > 0;
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return false;
      throw error;
    }
  }

  async #forgetOldest(): Promise<void> {
    const folder = this.#path(DAMAGED_FOLDER);
    const databases = (await readdir(folder)).filter((name) => name.startsWith("db-")).toSorted();
    for (const name of databases.slice(0, -KEPT_MAX)) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }

  #path(...parts: string[]): string {
    return join(this.#folder, ...parts);
  }
}

/**
 * Whether the data are at fault, and not the disk's space, the user's rights or another process. A
 * file that is missing, and a program that was aborted while reading one, are damage.
 */
export function isDamage(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return DAMAGE.test(messageOf(cause));
}

function noRepair(reason: string): PenstockError {
  return new PenstockError("BUFFER_FAILED", `the damaged buffer cannot be repaired: ${reason}`);
}
