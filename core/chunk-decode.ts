/**
 * Reads a chunk's line as it came over the wire: nothing in it is trusted. Blocks of readings are
 * checked by hand, since every reading of every gateway passes here; the rest is rare.
 */
import { z } from "zod";
import { alarmTransition } from "./alarm.ts";
import {
  type Block,
  CHUNK_VERSION,
  type Chunk,
  type ChunkContent,
  type ChunkId,
  gapRecord,
  type QualityMark,
  seriesDescription,
} from "./chunk.ts";
import { messageOf, PenstockError } from "./errors.ts";
import type { Value } from "./reading.ts";

/** All series of a very large gateway, described in one chunk. */
const ITEMS_MAX = 100_000;

const transitionList = z.array(alarmTransition);
const descriptionList = z.array(seriesDescription);
const gapList = z.array(gapRecord);

/**
 * Reads one chunk's line.
 * @throws PenstockError CHUNK_MALFORMED, CHUNK_VERSION_UNKNOWN
 */
export function decodeChunk(line: Buffer): Chunk {
  let wire: unknown;
  try {
    wire = JSON.parse(line.toString("utf8"));
  } catch (error) {
    throw malformed(`not JSON: ${messageOf(error)}`, error);
  }
  if (!isRecord(wire)) throw malformed("a chunk is a JSON object");
  if (wire["v"] !== CHUNK_VERSION) {
    throw new PenstockError("CHUNK_VERSION_UNKNOWN", `chunk version ${shown(wire["v"])}`, {
      context: { known: CHUNK_VERSION },
    });
  }
  return { id: decodeId(wire), content: decodeContent(wire) };
}

function decodeId(wire: Record<string, unknown>): ChunkId {
  const { gateway, epoch, lane, seq } = wire;
  if (typeof gateway !== "string" || gateway === "") throw malformed("gateway is not a name");
  if (typeof epoch !== "string" || epoch === "") throw malformed("epoch is not a name");
  if (!isCount(lane)) throw malformed("lane is not a whole number");
  if (!isCount(seq)) throw malformed("seq is not a whole number");
  return { gateway, epoch, lane, seq };
}

function decodeContent(wire: Record<string, unknown>): ChunkContent {
  switch (wire["kind"]) {
    case "readings":
      return { kind: "readings", blocks: decodeBlocks(wire["blocks"]) };
    case "alarm":
      return { kind: "alarm", transitions: parse(transitionList, wire["transitions"]) };
    case "meta":
      return { kind: "meta", series: parse(descriptionList, wire["series"]) };
    case "gap":
      return { kind: "gap", gaps: parse(gapList, wire["gaps"]) };
    default:
      throw malformed(`kind ${shown(wire["kind"])} is not known`);
  }
}

/** An item that is wrong costs far more memory than it has bytes, so a list of millions may not. */
function parse<T>(schema: z.ZodType<T[]>, value: unknown): T[] {
  if (Array.isArray(value) && value.length > ITEMS_MAX) {
    throw new PenstockError("CHUNK_TOO_LARGE", `more than ${ITEMS_MAX} items in a chunk`);
  }
  const result = schema.safeParse(value);
  if (!result.success) throw malformed(firstFault(result.error), result.error);
  return result.data;
}

function firstFault({ issues: [first] }: z.ZodError): string {
  return first ? `${first.path.join(".")}: ${first.message}` : "not as described";
}

/** What a hostile sender put there may be of any size and shape. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  return typeof value === "number" ? String(value) : `(${typeof value})`;
}

function decodeBlocks(wire: unknown): Block[] {
  if (!Array.isArray(wire)) throw malformed("blocks is not a list");
  return wire.map(decodeBlock);
}

function decodeBlock(wire: unknown): Block {
  if (!isRecord(wire)) throw malformed("a block is a JSON object");
  const { device, tags, values, quality = [] } = wire;
  if (typeof device !== "string") throw malformed("device is not a name");
  if (!isListOf(tags, isText)) throw malformed("tags is not a list of names");
  if (!Array.isArray(values) || values.length !== tags.length) {
    throw malformed("a block has one column a tag");
  }
  if (!Array.isArray(quality)) throw malformed("quality is not a list");
  const ts = decodeTimes(wire);
  return {
    device,
    tags,
    ts,
    columns: values.map((column: unknown) => decodeColumn(column, ts.length)),
    marks: quality.map((mark: unknown) => decodeMark(mark, tags.length, ts.length)),
  };
}

function decodeTimes({ t, dt = [], ts }: Record<string, unknown>): number[] {
  if (!isTime(t) || !isListOf(dt, isTime)) throw malformed("t and dt are milliseconds");
  const times = ts === undefined ? timesOf(t, dt) : ts;
  if (!isListOf(times, isTime) || times[0] !== t) throw malformed("a time is out of range");
  return times;
}

function timesOf(first: number, steps: readonly number[]): number[] {
  const ts = [first];
  let last = first;
  for (const step of steps) {
    last += step;
    ts.push(last);
  }
  return ts;
}

function decodeColumn(column: unknown, rows: number): Value[] {
  if (!isListOf(column, isValue)) {
    throw malformed("a value is a finite number, a boolean, a string or null");
  }
  if (column.length !== rows) throw malformed("a column has one value a row");
  return column;
}

function decodeMark(mark: unknown, columns: number, rows: number): QualityMark {
  if (!Array.isArray(mark)) throw malformed("a quality mark is a list");
  const [column, row, quality, reason]: unknown[] = mark;
  if (!isCount(column) || column >= columns || !isCount(row) || row >= rows) {
    throw malformed("a quality mark names no value of its block");
  }
  if (quality !== "uncertain" && quality !== "bad") throw malformed("quality is uncertain or bad");
  if (!isText(reason)) throw malformed("a quality mark has a reason");
  return { column, row, quality, reason };
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isValue(value: unknown): value is Value {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value);
    case "boolean":
    case "string":
      return true;
    default:
      return value === null;
  }
}

export function malformed(message: string, cause?: unknown): PenstockError {
  return new PenstockError("CHUNK_MALFORMED", message, cause === undefined ? {} : { cause });
}
