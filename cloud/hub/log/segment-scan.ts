/**
 * Reads a segment from start to end, for recovery. Damage is stepped over and reported: a block whose
 * payload fails its checksum is skipped by its head; where a head is damaged, the next sound one is
 * searched for. Memory: one window of WINDOW_BYTES, or the largest block.
 */
import { readSync } from "node:fs";
import {
  BLOCK_HEAD_BYTES,
  BLOCK_KIND,
  type BlockHead,
  payloadIsSound,
  readBlockHead,
} from "./block.ts";
import { BlockTable } from "./block-table.ts";
import type { Segment } from "./segment.ts";

const WINDOW_BYTES = 8 * 1024 * 1024;
const MAGIC_BYTES = Buffer.from("PSB1", "latin1");

export type Scanned =
  | { kind: "block"; at: number; head: BlockHead; bytes: Buffer; bytesAt: number }
  /** [at, to) cannot be read; `to` is where sound blocks go on, or the end of the file. */
  | { kind: "damage"; at: number; to: number };

class Window {
  readonly #fd: number;
  readonly size: number;
  start = 0;
  bytes: Buffer = Buffer.alloc(0);

  constructor(fd: number, size: number) {
    this.#fd = fd;
    this.size = size;
  }

  /** Moves so that [at, at + byteCount) is inside, as far as the file goes. */
  cover(at: number, byteCount: number): void {
    const end = Math.min(at + byteCount, this.size);
    if (at >= this.start && end <= this.start + this.bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.min(Math.max(WINDOW_BYTES, byteCount), this.size - at));
    let got = 0;
    while (got < bytes.length) {
      const read = readSync(this.#fd, bytes, got, bytes.length - got, at + got);
      if (read === 0) break;
      got += read;
    }
    this.start = at;
    this.bytes = bytes.subarray(0, got);
  }
}

export function* scanSegment(fd: number, size: number): Generator<Scanned> {
  const window = new Window(fd, size);
  let at = 0;
  while (at < size) {
    window.cover(at, BLOCK_HEAD_BYTES);
    const head = soundHead(window, at);
    if (!head) {
      const to = nextSoundBlock(window, at + 1);
      yield { kind: "damage", at, to };
      at = to;
      continue;
    }
    window.cover(at, head.bytes);
    const bytesAt = at - window.start;
    if (payloadIsSound(window.bytes, bytesAt, head)) {
      yield { kind: "block", at, head, bytes: window.bytes, bytesAt };
    } else {
      yield { kind: "damage", at, to: at + head.bytes };
    }
    at += head.bytes;
  }
}

/** The block tables of a segment, read from its blocks because its index file is no good. */
export function scanTables(segment: Segment): Map<number, BlockTable> {
  const tables = new Map<number, BlockTable>();
  for (const item of scanSegment(segment.fd, segment.bytes)) {
    if (item.kind !== "block" || item.head.kind !== BLOCK_KIND.events) continue;
    const table = tables.get(item.head.partition) ?? new BlockTable();
    table.push(segment.base + item.at, item.head);
    tables.set(item.head.partition, table);
  }
  return tables;
}

/** A head whose block fits in the file. */
function soundHead(window: Window, at: number): BlockHead | undefined {
  const head = readBlockHead(window.bytes, at - window.start);
  if (!head || head.bytes < BLOCK_HEAD_BYTES || at + head.bytes > window.size) return undefined;
  return head;
}

function nextSoundBlock(window: Window, from: number): number {
  let at = from;
  while (at + BLOCK_HEAD_BYTES <= window.size) {
    window.cover(at, BLOCK_HEAD_BYTES);
    const found = window.bytes.indexOf(MAGIC_BYTES, at - window.start);
    if (found < 0) {
      // A magic could straddle the window's end.
      const nextAt = window.start + window.bytes.length - MAGIC_BYTES.length + 1;
      at = Math.max(nextAt, at + 1);
      continue;
    }
    at = window.start + found;
    window.cover(at, BLOCK_HEAD_BYTES);
    if (soundHead(window, at)) return at;
    at += 1;
  }
  return window.size;
}
