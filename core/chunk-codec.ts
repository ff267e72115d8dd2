/**
 * The wire form of chunks, version 1.
 *
 * A chunk is one JSON document on one line. An event's body is one or more consecutive chunks of one
 * lane, a line each, compressed together with gzip: a chunk's line is made once, stored in the
 * buffer, and sent again byte for byte however the event is cut, so its digest is stable.
 *
 *   {"v":1,"kind":"readings","gateway":"hall-3","epoch":"k3f…","lane":5,"seq":17,"blocks":[
 *     {"device":"oven-2","tags":["temperature","running"],"t":1763718000000,"dt":[1000],
 *      "values":[[71.2,71.4],[true,null]],"quality":[[1,1,"bad","timeout"]]}]}
 *
 * `t` is the first row's time, `dt` the steps from row to row (left out for one row; where a step
 * cannot be told exactly, `ts` holds all times instead), `values` holds a column a tag, `quality`
 * only what is not good: [column, row, quality, reason].
 */
import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { type Block, CHUNK_VERSION, type Chunk } from "./chunk.ts";
import { decodeChunk, malformed } from "./chunk-decode.ts";
import { messageOf, PenstockError } from "./errors.ts";
import type { Quality, Value } from "./reading.ts";

declare global {
  interface JSON {
    /** ECMAScript 2026: text that `JSON.stringify` takes over as it is. */
    rawJSON(text: string): unknown;
  }
}

/** What a body may inflate to: a bomb costs this much memory and no more. */
const INFLATED_BYTES_MAX = 16 * 1024 * 1024;
const CHUNKS_PER_EVENT_MAX = 4096;
/** Level 1 costs a third of level 6 and gives away a tenth of the size on columnar JSON. */
const GZIP_LEVEL = 1;
const NEWLINE = 0x0a;

export const CHUNK_CONTENT_TYPE = "application/vnd.penstock.chunks+ndjson";

/** A chunk with the digest by which a second, different chunk of the same identity is recognised. */
export interface ReceivedChunk extends Chunk {
  /** CRC-32 of the chunk's line. */
  digest: number;
}

/** The chunk's line, without the newline, in UTF-8. */
export function encodeChunk(chunk: Chunk): Buffer {
  const { id, content } = chunk;
  const head = { v: CHUNK_VERSION, kind: content.kind, ...id };
  switch (content.kind) {
    case "readings":
      return Buffer.from(JSON.stringify({ ...head, blocks: content.blocks.map(blockToWire) }));
    case "alarm":
      return Buffer.from(JSON.stringify({ ...head, transitions: content.transitions }));
    case "meta":
      return Buffer.from(JSON.stringify({ ...head, series: content.series }));
    case "gap":
      return Buffer.from(JSON.stringify({ ...head, gaps: content.gaps }));
  }
}

/** The event's body: the chunks' lines, compressed together. */
export function packEvent(lines: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const line of lines) parts.push(line, NEWLINE_BYTES);
  return gzipSync(Buffer.concat(parts), { level: GZIP_LEVEL });
}

const NEWLINE_BYTES = Uint8Array.of(NEWLINE);

/**
 * The chunks of an event's body.
 * @throws PenstockError CHUNK_TOO_LARGE, CHUNK_MALFORMED, CHUNK_VERSION_UNKNOWN
 */
export function unpackEvent(body: Uint8Array): ReceivedChunk[] {
  const text = inflate(body);
  const chunks: ReceivedChunk[] = [];
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf(NEWLINE, start);
    const end = newline < 0 ? text.length : newline;
    if (chunks.length === CHUNKS_PER_EVENT_MAX) {
      throw new PenstockError("CHUNK_TOO_LARGE", `more than ${CHUNKS_PER_EVENT_MAX} chunks`);
    }
    const line = text.subarray(start, end);
    chunks.push({ ...decodeChunk(line), digest: crc32(line) });
    start = end + 1;
  }
  if (chunks.length === 0) throw malformed("the body holds no chunk");
  return chunks;
}

function inflate(body: Uint8Array): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: INFLATED_BYTES_MAX });
  } catch (error) {
    if (error instanceof RangeError) {
      const message = `the body inflates to more than ${INFLATED_BYTES_MAX} bytes`;
      throw new PenstockError("CHUNK_TOO_LARGE", message, { cause: error });
    }
    throw malformed(`the body is not gzip: ${messageOf(error)}`, error);
  }
}

interface WireBlock {
  device: string;
  tags: string[];
  t: number;
  dt?: number[];
  ts?: number[];
  values: (readonly unknown[])[];
  quality?: [column: number, row: number, quality: Quality, reason: string][];
}

function blockToWire(block: Block): WireBlock {
  const first = block.ts[0] ?? 0;
  const wire: WireBlock = {
    device: block.device,
    tags: block.tags,
    t: first,
    values: block.columns.map(columnToWire),
  };
  if (block.ts.length > 1) {
    const steps = block.ts.slice(1).map((ts, row) => ts - (block.ts[row] ?? 0));
    if (addUp(block.ts, steps)) wire.dt = steps;
    else wire.ts = block.ts;
  }
  if (block.marks.length > 0) {
    wire.quality = block.marks.map((mark) => [mark.column, mark.row, mark.quality, mark.reason]);
  }
  return wire;
}

/** Whole milliseconds always do; fractions of them, far apart, may not. */
function addUp(times: readonly number[], steps: readonly number[]): boolean {
  return steps.every((step, row) => (times[row] ?? 0) + step === times[row + 1]);
}

/** JSON has a negative zero, but `JSON.stringify` drops its sign. */
function columnToWire(column: readonly Value[]): readonly unknown[] {
  return column.some((value) => Object.is(value, -0))
    ? column.map((value) => (Object.is(value, -0) ? JSON.rawJSON("-0") : value))
    : column;
}
