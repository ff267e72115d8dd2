/**
 * The guard around LevelDB (classic-level 3, LevelDB 1.20). What it adds:
 *
 * - after a synced write the directory is synced too: LevelDB does not, when it begins a new log
 *   file, and a power cut then loses what was acknowledged;
 * - after a failed write nothing more is written through the same handle, for LevelDB would accept
 *   it and lose it at the next opening: the owner reopens;
 * - a marker file beside the database says that one was made here, so that a lost CURRENT file is
 *   an error and not a new, empty database.
 *
 * Keys: `state`; `segment/NNNNNNNNNNNNN`; `seen/NNNNNNNNNNNNN` (fingerprints of that segment).
 */
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ClassicLevel } from "classic-level";
import { messageOf, PenstockError } from "#core/errors.ts";
import type { StoredChunk } from "./contract.ts";

type Database = ClassicLevel<string, Buffer>;
type Operation = { type: "put"; key: string; value: Buffer } | { type: "del"; key: string };

const MARKER_FILE = "penstock-buffer.json";
const RESERVE_FILE = "reserve";
/** Reopening after a full disk needs space of its own: this file is given up for it. */
const RESERVE_BYTES = 16 * 1024 * 1024;
/** Files of rejected chunks; two a chunk. Of more of them, further samples tell nothing new. */
const REJECTED_MAX = 2000;
const NUMBER_DIGITS = 13;

/** What changes with every segment, written in the segment's own batch. */
export interface BufferState {
  format: 1;
  gateway: string;
  epoch: string;
  machineId: string;
  lanes: number;
  /** One a lane. */
  nextSeq: number[];
  nextSegment: number;
  /** No segment below this number is left. */
  firstSegment: number;
  storedSegments: number;
  storedBytes: number;
  /** Readings ever stored, by source. */
  readingsBySource: Record<string, number>;
}

export interface SegmentWrite {
  state: BufferState;
  put?: { number: number; bytes: Buffer; seen: Buffer | undefined };
  forget: readonly number[];
  sync: boolean;
}

export class BufferDatabase {
  readonly #folder: string;
  #database: Database | undefined;
  #directory: FileHandle | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Opens the database, or makes it where there was none. The state is undefined when it is new.
   * @throws PenstockError BUFFER_LOCKED, BUFFER_FAILED
   */
  async open(): Promise<BufferState | undefined> {
    await mkdir(this.#folder, { recursive: true });
    const marker = join(this.#folder, MARKER_FILE);
    const isNew = !existsSync(marker);
    const database: Database = new ClassicLevel(join(this.#folder, "db"), {
      valueEncoding: "buffer",
    });
    try {
      await database.open({ createIfMissing: isNew });
    } catch (error) {
      throw openingError(error, this.#folder);
    }
    this.#database = database;
    this.#directory = await open(join(this.#folder, "db"), "r");
    await this.#makeReserve();
    if (isNew) await this.#mark(marker);
    const state = await database.get("state");
    return state === undefined ? undefined : parseState(state);
  }

  /** The marker reaches the disk after the database, or a power cut in between would leave an error. */
  async #mark(marker: string): Promise<void> {
    await this.#directory?.sync();
    await syncFolder(this.#folder);
    await writeFile(marker, `${JSON.stringify({ format: 1 })}\n`, { flush: true });
    await syncFolder(this.#folder);
    await syncFolder(dirname(this.#folder));
  }

  async close(): Promise<void> {
    await this.#database?.close();
    await this.#directory?.close();
    this.#database = undefined;
    this.#directory = undefined;
  }

  /** Frees the space that reopening needs after a full disk. */
  async releaseReserve(): Promise<void> {
    await rm(join(this.#folder, RESERVE_FILE), { force: true });
  }

  /** Only where there is plenty: on a full disk it would take the space that it is kept for. */
  async #makeReserve(): Promise<void> {
    const file = join(this.#folder, RESERVE_FILE);
    if (existsSync(file)) return;
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize < 2 * RESERVE_BYTES) return;
    await writeFile(file, Buffer.alloc(RESERVE_BYTES), { flush: true });
  }

  /** Keeps the bytes of a damaged segment for whoever wants to look: nothing is deleted unseen. */
  async setAside(number: number, bytes: Buffer): Promise<void> {
    const folder = join(this.#folder, "damaged");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${number}.segment`), bytes);
  }

  /** Keeps a chunk that the hub refuses for good, as the line that the sink would have read. */
  async keepRejected(chunk: StoredChunk, reason: string): Promise<void> {
    const folder = join(this.#folder, "rejected");
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length >= REJECTED_MAX) return;
    const name = `${chunk.epoch}-${chunk.lane}-${chunk.seq}`;
    await writeFile(join(folder, `${name}.json`), chunk.line);
    await writeFile(join(folder, `${name}.reason.txt`), `${reason}\n`);
  }

  /** Writes all of it or nothing. With `sync`, resolves when it would survive a power cut. */
  async write(request: SegmentWrite): Promise<void> {
    const operations: Operation[] = [
      { type: "put", key: "state", value: Buffer.from(JSON.stringify(request.state)) },
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
    const range = { gte: segmentKey(from), lt: "segment/:" };
    for await (const [key, bytes] of this.#opened().iterator(range)) {
      yield { number: numberIn(key), bytes };
    }
  }

  /** Fingerprint records, oldest first. */
  async *seen(): AsyncGenerator<{ number: number; bytes: Buffer }> {
    for await (const [key, bytes] of this.#opened().iterator({ gte: "seen/", lt: "seen/:" })) {
      yield { number: numberIn(key), bytes };
    }
  }

  /** Deletes the fingerprint records of segments `from` to `to` (exclusive). */
  async clearSeen(from: number, to: number): Promise<void> {
    await this.#opened().clear({ gte: seenKey(from), lt: seenKey(to) });
  }

  /** Gives the space of forgotten segments back to the disk. */
  async compact(from: number, to: number): Promise<void> {
    await this.#opened().compactRange(segmentKey(from), segmentKey(to));
  }

  #opened(): Database {
    if (!this.#database) throw new PenstockError("BUFFER_CLOSED", "the buffer is not open");
    return this.#database;
  }
}

function segmentKey(number: number): string {
  return `segment/${String(number).padStart(NUMBER_DIGITS, "0")}`;
}

function seenKey(number: number): string {
  return `seen/${String(number).padStart(NUMBER_DIGITS, "0")}`;
}

function numberIn(key: string): number {
  return Number(key.slice(key.indexOf("/") + 1));
}

function parseState(bytes: Buffer): BufferState {
  const state: BufferState = JSON.parse(bytes.toString());
  if (state.format !== 1) {
    throw new PenstockError("BUFFER_FAILED", `the buffer has format ${String(state.format)}`, {
      context: { known: 1 },
    });
  }
  return state;
}

function openingError(error: unknown, folder: string): PenstockError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const isLocked = cause instanceof Error && "code" in cause && cause.code === "LEVEL_LOCKED";
  return isLocked
    ? new PenstockError("BUFFER_LOCKED", `another agent has the buffer in ${folder} open`, {
        cause,
        context: { folder },
      })
    : new PenstockError(
        "BUFFER_FAILED",
        `cannot open the buffer in ${folder}: ${messageOf(cause)}`,
        {
          cause,
          context: { folder },
        },
      );
}

/** Makes the folder's entries durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
