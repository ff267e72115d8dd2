/**
 * The guard around LevelDB (classic-level 3, LevelDB 1.20). What it adds:
 *
 * - after a synced write the directory is synced too: LevelDB does not, when it begins a new log
 *   file, and a power cut then loses what was acknowledged;
 * - after a failed write nothing more is written through the same handle, for LevelDB would accept
 *   it and lose it at the next opening: the owner reopens;
 * - a lock of its own: a second opening of an open database fails in LevelDB, but where it happens in
 *   the same process it takes LevelDB's own lock away, and a third could then write to it;
 * - notes beside the database: that one was made here (LevelDB answers a lost CURRENT file with a
 *   new, empty database), and whether it was closed in order. If not, it is verified before it is
 *   opened, and made anew from what is sound (`recovery.ts`).
 */
import { existsSync } from "node:fs";
import { type FileHandle, open, readdir, realpath, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ClassicLevel } from "classic-level";
import { DataLock } from "#core/data-lock.ts";
import { messageOf, PenstockError } from "#core/errors.ts";
import { makeFolder } from "#core/folder.ts";
import type { Logger } from "#core/log.ts";
import { type BufferState, decodeState, encodeState } from "./buffer-state.ts";
import type { StoredChunk } from "./contract.ts";
import { readNotes, syncFolder, writeNotes } from "./guard-notes.ts";
import { numberIn, SEEN_END, SEGMENTS_END, STATE_KEY, seenKey, segmentKey } from "./keys.ts";
import { DAMAGED_FOLDER, isDamage, Recovery } from "./recovery.ts";

type Database = ClassicLevel<string, Buffer>;
type Operation = { type: "put"; key: string; value: Buffer } | { type: "del"; key: string };

const RESERVE_FILE = "reserve";
/** Reopening after a full disk needs space of its own: this file is given up for it. */
const RESERVE_BYTES = 16 * 1024 * 1024;
/** Files of rejected chunks; two a chunk. Of more of them, further samples tell nothing new. */
const REJECTED_MAX = 2000;

export interface SegmentWrite {
  state: BufferState;
  put?: { number: number; bytes: Buffer; seen: Buffer | undefined };
  forget: readonly number[];
  sync: boolean;
}

export interface OpenedDatabase {
  /** Undefined when the database is new. */
  state: BufferState | undefined;
  /** Sequence numbers may have been used that the state does not know of. */
  epochInDoubt: boolean;
}

export class BufferDatabase {
  readonly #folder: string;
  readonly #recovery: Recovery;
  readonly #lock = new DataLock("buffer");
  #isLocked = false;
  #database: Database | undefined;
  #directory: FileHandle | undefined;
  /** Something was found wrong: the next start is to look at all of it. */
  #isSuspect = false;

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#recovery = new Recovery(folder, log);
  }

  /** Where damaged files are kept. */
  get damagedFolder(): string {
    return join(this.#folder, DAMAGED_FOLDER);
  }

  /**
   * Opens the database, or makes it where there was none; a damaged one is made anew from what is
   * sound in it.
   * @throws PenstockError BUFFER_LOCKED, BUFFER_FAILED
   */
  async open(): Promise<OpenedDatabase> {
    try {
      makeFolder(this.#folder);
      await this.#acquireLock();
      return await this.#openLocked().catch(async (error: unknown) => {
        // An opening writes, too: on a full disk it takes what is kept for it.
        if (!isNoSpace(error) || !(await this.#giveUpReserve())) throw error;
        await this.#closeDatabase();
        return await this.#openLocked();
      });
    } catch (error) {
      await this.close();
      throw openingError(error, this.#folder);
    }
  }

  /** After a failed write: a new handle on the same database, which stays locked meanwhile. */
  async reopen(): Promise<void> {
    await this.#closeDatabase();
    await this.#giveUpReserve();
    await this.#open(false).catch((error: unknown) => {
      throw openingError(error, this.#folder);
    });
  }

  async close(): Promise<void> {
    const wasOpen = this.#database !== undefined;
    await this.#closeDatabase();
    if (wasOpen && !this.#isSuspect) await this.#noteClosed();
    this.#isLocked = false;
    await this.#lock.release();
  }

  /** The epoch that the state names is new, and on disk. */
  async epochIsSettled(): Promise<void> {
    await writeNotes(this.#folder, { format: 1, inUse: true, epochInDoubt: false });
  }

  /** What was read is damaged, or cannot be read. */
  suspect(): void {
    this.#isSuspect = true;
  }

  /** Keeps the bytes of a damaged segment for whoever wants to look: nothing is deleted unseen. */
  async setAside(number: number, bytes: Buffer): Promise<void> {
    makeFolder(this.damagedFolder);
    await writeFile(join(this.damagedFolder, `${number}.segment`), bytes);
  }

  /** Keeps a chunk that the hub refuses for good, as the line that the sink would have read. */
  async keepRejected(chunk: StoredChunk, reason: string): Promise<void> {
    const folder = join(this.#folder, "rejected");
    makeFolder(folder);
    if ((await readdir(folder)).length >= REJECTED_MAX) return;
    const name = `${chunk.epoch}-${chunk.lane}-${chunk.seq}`;
    await writeFile(join(folder, `${name}.json`), chunk.line);
    await writeFile(join(folder, `${name}.reason.txt`), `${reason}\n`);
  }

  /** Writes all of it or nothing. With `sync`, resolves when it would survive a power cut. */
  async write(request: SegmentWrite): Promise<void> {
    const operations: Operation[] = [
      { type: "put", key: STATE_KEY, value: encodeState(request.state) },
    ];
    for (const number of request.forget) {
      operations.push({ type: "del", key: segmentKey(number) });
    }
    if (request.put) {
      const { number, bytes, seen } = request.put;
      operations.push({ type: "put", key: segmentKey(number), value: bytes });
      if (seen) operations.push({ type: "put", key: seenKey(number), value: seen });
    }
    await this.#opened().batch(operations, { sync: request.sync });
    if (request.sync) await this.#directory?.sync();
  }

  /** Segments in order, from the given number on; the reader stops when it has enough. */
  async *segments(from: number): AsyncGenerator<{ number: number; bytes: Buffer }> {
    const range = { gte: segmentKey(from), lt: SEGMENTS_END };
    for await (const [key, bytes] of this.#opened().iterator(range)) {
      yield { number: numberIn(key), bytes };
    }
  }

  /** One segment, where it is there. */
  async segment(number: number): Promise<Buffer | undefined> {
    return this.#opened().get(segmentKey(number));
  }

  /** Fingerprint records, oldest first. */
  async *seen(): AsyncGenerator<{ number: number; bytes: Buffer }> {
    for await (const [key, bytes] of this.#opened().iterator({ gte: seenKey(0), lt: SEEN_END })) {
      yield { number: numberIn(key), bytes };
    }
  }

  /** Deletes the fingerprint records of segments `from` to `to` (exclusive). */
  async clearSeen(from: number, to: number): Promise<void> {
    await this.#opened().clear({ gte: seenKey(from), lt: seenKey(to) });
  }

  /** Gives the space of forgotten segments and fingerprints back to the disk. */
  async compact(from: number, to: number): Promise<void> {
    const database = this.#opened();
    await database.compactRange(segmentKey(from), segmentKey(to));
    await database.compactRange(seenKey(from), seenKey(to));
  }

  /** Before the notes tell of it: after a power cut in between they would tell of nothing. */
  async #makeDurable(): Promise<void> {
    await this.#directory?.sync();
    await syncFolder(this.#folder);
    await syncFolder(dirname(this.#folder));
  }

  async #acquireLock(): Promise<void> {
    if (this.#isLocked) return;
    if (!(await this.#lock.acquire(await realpath(this.#folder)))) throw lockedError(this.#folder);
    this.#isLocked = true;
  }

  async #openLocked(): Promise<OpenedDatabase> {
    let notes = await this.#recovery.prepare();
    const isNew = notes === undefined;
    let state: BufferState | undefined;
    try {
      state = await this.#openWithState(isNew);
    } catch (error) {
      if (isNew || !isDamage(error)) throw error;
      await this.#closeDatabase();
      notes = await this.#recovery.rescue(messageOf(causeOf(error)));
      state = await this.#openWithState(false);
    }
    const epochInDoubt = notes?.epochInDoubt === true;
    if (isNew) await this.#makeDurable();
    await writeNotes(this.#folder, { format: 1, inUse: true, epochInDoubt });
    return { state, epochInDoubt };
  }

  async #open(createIfMissing: boolean): Promise<void> {
    const path = join(this.#folder, "db");
    const database: Database = new ClassicLevel(path, { valueEncoding: "buffer" });
    await database.open({ createIfMissing });
    this.#database = database;
    this.#directory = await open(path, "r");
    await this.#makeReserve();
  }

  async #openWithState(createIfMissing: boolean): Promise<BufferState | undefined> {
    await this.#open(createIfMissing);
    const bytes = await this.#opened().get(STATE_KEY);
    if (bytes === undefined) return undefined;
    const state = decodeState(bytes);
    if (!state) throw new Error("Corruption: the checksum of the state does not hold");
    return state;
  }

  async #closeDatabase(): Promise<void> {
    await this.#database?.close();
    this.#database = undefined;
    await this.#directory?.close();
    this.#directory = undefined;
  }

  /** A disk that takes no notes costs the next start a verification, and nothing else. */
  async #noteClosed(): Promise<void> {
    const notes = await readNotes(this.#folder);
    if (!notes) return;
    await writeNotes(this.#folder, { ...notes, inUse: false }).catch(() => {});
  }

  /** Only where there is plenty: on a full disk it would take the space that it is kept for. */
  async #makeReserve(): Promise<void> {
    const file = join(this.#folder, RESERVE_FILE);
    if (existsSync(file)) return;
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize < 2 * RESERVE_BYTES) return;
    await writeFile(file, Buffer.alloc(RESERVE_BYTES), { flush: true });
  }

  /** False where it was given up before. */
  async #giveUpReserve(): Promise<boolean> {
    const file = join(this.#folder, RESERVE_FILE);
    const isThere = existsSync(file);
    if (isThere) await rm(file);
    return isThere;
  }

  #opened(): Database {
    if (!this.#database) throw new PenstockError("BUFFER_CLOSED", "the buffer is not open");
    return this.#database;
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

function isNoSpace(error: unknown): boolean {
  return /no space left/i.test(messageOf(causeOf(error)));
}

function lockedError(folder: string, cause?: unknown): PenstockError {
  const message = `another agent has the buffer in ${folder} open`;
  return new PenstockError("BUFFER_LOCKED", message, { cause, context: { folder } });
}

function openingError(error: unknown, folder: string): PenstockError {
  if (error instanceof PenstockError) return error;
  const cause = causeOf(error);
  const isLocked = cause instanceof Error && "code" in cause && cause.code === "LEVEL_LOCKED";
  if (isLocked) return lockedError(folder, cause);
  const message = `cannot open the buffer in ${folder}: ${messageOf(cause)}`;
  return new PenstockError("BUFFER_FAILED", message, { cause, context: { folder } });
}
