/**
 * Reads of what is no longer in memory, in pages that all readers share: 32 partitions lie mixed in
 * one log, so whoever reads one of them has fetched its neighbours' events too.
 *
 * Invariants: at most READS_MAX reads run at a time, so old data never takes all of Node's four I/O
 * threads from the writer; kept pages are bounded in bytes, least recently used first out.
 */
import { read } from "node:fs";
import { PenstockError } from "#core/errors.ts";
import { beginRead, endRead, type Segment } from "./segment.ts";

const PAGE_BYTES = 256 * 1024;
const READS_MAX = 2;

export class ColdPages {
  readonly #bytesMax: number;
  /** By log address; a `Map` keeps insertion order, which makes it a least-recently-used list. */
  readonly #pages = new Map<number, Buffer>();
  readonly #loading = new Map<number, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #bytes = 0;
  #running = 0;
  /** Pages read since the start. */
  reads = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes kept at present. */
  get bytes(): number {
    return this.#bytes;
  }

  /** [address, address + byteCount) of the segment if all its pages are here. */
  find(segment: Segment, address: number, byteCount: number): Buffer | undefined {
    const pages: Buffer[] = [];
    for (const { page, needed } of pagesOf(segment, address, byteCount)) {
      const bytes = this.#kept(page, needed);
      if (!bytes) return undefined;
      pages.push(bytes);
    }
    return cut(pages, segment, address, byteCount);
  }

  /** Fetches the pages of the range; rejects with `HUB_LOG_FAILED`. */
  async load(segment: Segment, address: number, byteCount: number): Promise<void> {
    const pages = pagesOf(segment, address, byteCount);
    await Promise.all(pages.map(async ({ page, needed }) => this.#page(segment, page, needed)));
  }

  #kept(page: number, needed: number): Buffer | undefined {
    const bytes = this.#pages.get(page);
    // The last page of a segment may have been read before the segment grew.
    if (!bytes || bytes.length < needed) return undefined;
    this.#pages.delete(page);
    this.#pages.set(page, bytes);
    return bytes;
  }

  async #page(segment: Segment, page: number, needed: number): Promise<void> {
    // Of a retired segment nothing is wanted any more: the reader goes on behind it.
    while (!segment.isRetired && !this.#kept(page, needed)) {
      const running = this.#loading.get(page);
      if (running) {
        await running;
        continue;
      }
      const loading = this.#fetch(segment, page).finally(() => this.#loading.delete(page));
      this.#loading.set(page, loading);
      await loading;
    }
  }

  async #fetch(segment: Segment, page: number): Promise<void> {
    const at = page - segment.base;
    beginRead(segment);
    await this.#turn();
    try {
      const bytes = await readFully(segment, at, Math.min(PAGE_BYTES, segment.bytes - at));
      this.reads += 1;
      this.#keep(page, bytes);
    } finally {
      this.#running -= 1;
      endRead(segment);
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    while (this.#running >= READS_MAX) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#running += 1;
  }

  #keep(page: number, bytes: Buffer): void {
    this.#bytes -= this.#pages.get(page)?.length ?? 0;
    this.#pages.delete(page);
    this.#pages.set(page, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, old] of this.#pages) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#pages.delete(oldest);
      this.#bytes -= old.length;
    }
  }
}

interface PageRange {
  /** Log address of the page; pages are aligned within their segment. */
  page: number;
  /** So many of its bytes are wanted. */
  needed: number;
}

function pagesOf(segment: Segment, address: number, byteCount: number): PageRange[] {
  const pages: PageRange[] = [];
  const from = address - segment.base;
  const to = from + byteCount;
  for (let at = from - (from % PAGE_BYTES); at < to; at += PAGE_BYTES) {
    pages.push({ page: segment.base + at, needed: Math.min(PAGE_BYTES, to - at) });
  }
  return pages;
}

function cut(pages: Buffer[], segment: Segment, address: number, byteCount: number): Buffer {
  const [first] = pages;
  const from = (address - segment.base) % PAGE_BYTES;
  const joined = pages.length === 1 && first ? first : Buffer.concat(pages);
  return joined.subarray(from, from + byteCount);
}

async function readFully(segment: Segment, at: number, byteCount: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(byteCount);
  let got = 0;
  while (got < byteCount) {
    const count = await readOnce(segment, bytes, got, at + got);
    if (count === 0) {
      throw new PenstockError("HUB_LOG_FAILED", `The log segment ${segment.path} is too short.`);
    }
    got += count;
  }
  return bytes;
}

async function readOnce(
  segment: Segment,
  into: Buffer,
  intoAt: number,
  at: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    read(segment.fd, into, intoAt, into.length - intoAt, at, (error, count) => {
      if (error) {
        const message = `The log segment ${segment.path} cannot be read.`;
        reject(new PenstockError("HUB_LOG_FAILED", message, { cause: error }));
      } else resolve(count);
    });
  });
}
