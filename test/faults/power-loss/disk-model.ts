/**
 * What a disk holds after a power cut, as POSIX promises it and not more: of a file, what it held at
 * its last sync; of a folder, the entries it had at its own last sync. What came later may be there
 * in part: some of the writes in their order, the last of them torn, some of the entries' changes.
 */
import { dirname } from "node:path";
import type { Random } from "#core/random.ts";
import type { TraceEvent } from "./trace.ts";

/** Files by path below the root, and the folders. */
export interface DiskState {
  files: Map<string, Buffer>;
  folders: Set<string>;
}

/** How much of what was not synced outlives the cut. */
export type Leniency = "nothing" | "part" | "everything";

/** Syncs that the disk only pretends to do: the controls, which must lose something. */
export interface Lies {
  files?: boolean;
  folders?: boolean;
}

type Change = { at: number; bytes: Buffer } | { size: number };

interface ModelFile {
  initial: Buffer;
  changes: Change[];
  synced: number;
}

/** A change of a folder's entries: a file or folder comes, or goes. */
interface EntryChange {
  path: string;
  entry: ModelFile | "folder" | undefined;
}

export class DiskModel {
  readonly #lies: Lies;
  readonly #live = new Map<string, ModelFile | "folder">();
  readonly #durable = new Map<string, ModelFile | "folder">();
  readonly #inodes = new Map<bigint, ModelFile>();
  #pending: EntryChange[] = [];

  constructor(initial: DiskState, lies: Lies) {
    this.#lies = lies;
    for (const path of initial.folders) this.#live.set(path, "folder");
    for (const [path, bytes] of initial.files) {
      this.#live.set(path, { initial: bytes, changes: [], synced: 0 });
    }
    for (const [path, entry] of this.#live) this.#durable.set(path, entry);
  }

  apply(event: TraceEvent): void {
    switch (event.kind) {
      case "open":
        this.#open(event.inode, event.path);
        break;
      case "create":
        this.#create(event.inode, event.path);
        break;
      case "write":
        this.#inodes.get(event.inode)?.changes.push(event);
        break;
      case "truncate":
        this.#inodes.get(event.inode)?.changes.push(event);
        break;
      case "sync":
        this.#sync(event.inode);
        break;
      case "sync-folder":
        this.#syncFolder(event.path);
        break;
      case "rename":
        this.#rename(event.from, event.to);
        break;
      case "unlink":
        this.#change(event.path, undefined);
        break;
      case "make-folder":
        this.#change(event.path, "folder");
        break;
      case "note":
        break;
    }
  }

  /** A file that came by a way which is not traced (stdio) has no entry, and is left out. */
  #open(inode: bigint, path: string): void {
    const entry = this.#live.get(path);
    if (entry && entry !== "folder") this.#inodes.set(inode, entry);
    else this.#inodes.delete(inode);
  }

  #create(inode: bigint, path: string): void {
    const file: ModelFile = { initial: Buffer.alloc(0), changes: [], synced: 0 };
    this.#inodes.set(inode, file);
    this.#change(path, file);
  }

  #sync(inode: bigint): void {
    const file = this.#inodes.get(inode);
    if (file && !this.#lies.files) file.synced = file.changes.length;
  }

  #rename(from: string, to: string): void {
    const entry = this.#live.get(from);
    if (!entry) return;
    this.#change(to, entry);
    this.#change(from, undefined);
  }

  #change(path: string, entry: EntryChange["entry"]): void {
    enter(this.#live, { path, entry });
    this.#pending.push({ path, entry });
  }

  #syncFolder(folder: string): void {
    if (this.#lies.folders) return;
    const isInside = ({ path }: EntryChange): boolean => parentOf(path) === folder;
    for (const change of this.#pending.filter(isInside)) enter(this.#durable, change);
    this.#pending = this.#pending.filter((change) => !isInside(change));
  }

  /** What is there after the power fails now. */
  cut(leniency: Leniency, random: Random): DiskState {
    const entries = new Map(this.#durable);
    const pending = this.#pending.length;
    const kept = leniency === "part" ? random.int(pending + 1) : pending;
    if (leniency !== "nothing") {
      for (const change of this.#pending.slice(0, kept)) enter(entries, change);
    }
    const state: DiskState = { files: new Map(), folders: new Set() };
    for (const [path, entry] of entries) {
      if (!isReachable(entries, path)) continue;
      if (entry === "folder") state.folders.add(path);
      else state.files.set(path, contentOf(entry, leniency, random));
    }
    return state;
  }
}

function enter(entries: Map<string, ModelFile | "folder">, { path, entry }: EntryChange): void {
  if (entry) entries.set(path, entry);
  else entries.delete(path);
}

function parentOf(path: string): string {
  const parent = dirname(path);
  return parent === "." ? "" : parent;
}

/** Whether every folder above is there, too; the root always is. */
function isReachable(entries: ReadonlyMap<string, unknown>, path: string): boolean {
  for (let parent = parentOf(path); parent !== ""; parent = parentOf(parent)) {
    if (!entries.has(parent)) return false;
  }
  return true;
}

function contentOf(file: ModelFile, leniency: Leniency, random: Random): Buffer {
  const unsynced = file.changes.length - file.synced;
  if (leniency === "everything") return replay(file.initial, file.changes);
  const kept = leniency === "part" ? random.int(unsynced + 1) : 0;
  const changes = file.changes.slice(0, file.synced + kept);
  const torn = file.changes[file.synced + kept];
  if (leniency === "part" && torn && "bytes" in torn) {
    changes.push({ at: torn.at, bytes: torn.bytes.subarray(0, random.int(torn.bytes.length)) });
  }
  return replay(file.initial, changes);
}

function replay(initial: Buffer, changes: readonly Change[]): Buffer {
  let content = Buffer.from(initial);
  let size = content.length;
  for (const change of changes) {
    const end = "size" in change ? change.size : change.at + change.bytes.length;
    if (end > content.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * content.length));
      content.copy(larger, 0, 0, size);
      content = larger;
    }
    if ("size" in change) {
      // What is cut off reads as zeros should the file grow again.
      content.fill(0, Math.min(size, end), content.length);
      size = end;
    } else {
      change.bytes.copy(content, change.at);
      size = Math.max(size, end);
    }
  }
  return content.subarray(0, size);
}
