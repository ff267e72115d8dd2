/**
 * The index of a finished segment, in a file of its own beside it (`….index`): with it a start need
 * not read the segment, and the tables of old segments need not stay in memory. It can always be
 * made anew from the segment, so any doubt about it means to ignore it.
 *
 * Form: a line with the CRC-32 of the rest in hexadecimal, one JSON line `{"format":2,"bytes":…,
 * "newestMs":…,"damagedBytes":…,"start":[…],"end":[{"nextSeq":…}, …],"tables":[[partition, blocks], …]}`,
 * then the tables' columns.
 */
import { readFileSync, rmSync } from "node:fs";
import { crc32 } from "node:zlib";
import { BlockTable } from "./block-table.ts";
import type { PartitionState } from "./partition-state.ts";
import type { Segment } from "./segment.ts";

const FORMAT = 2;
const CHECKSUM_LINE_BYTES = 9;

export interface SegmentIndex {
  bytes: number;
  newestMs: number;
  damagedBytes: number;
  /** Where each partition stood at the segment's start and end. */
  start: PartitionState[];
  end: PartitionState[];
  tables: Map<number, BlockTable>;
}

interface Heading {
  format: number;
  bytes: number;
  newestMs: number;
  damagedBytes: number;
  start: PartitionState[];
  end: PartitionState[];
  tables: [partition: number, blocks: number][];
}

export function indexPath(segment: Pick<Segment, "path">): string {
  return `${segment.path}.index`;
}

/** The bytes of the segment's index file. */
export function encodeIndex(index: SegmentIndex): Buffer {
  const entries = [...index.tables];
  const columns = Buffer.concat(entries.map(([, table]) => table.encode()));
  const heading: Heading = {
    format: FORMAT,
    bytes: index.bytes,
    newestMs: index.newestMs,
    damagedBytes: index.damagedBytes,
    start: index.start,
    end: index.end,
    tables: entries.map(([partition, table]) => [partition, table.length]),
  };
  const rest = Buffer.concat([Buffer.from(`${JSON.stringify(heading)}\n`), columns]);
  return Buffer.concat([checksumLine(rest), rest]);
}

function checksumLine(rest: Buffer): Buffer {
  return Buffer.from(
    `${crc32(rest)
      .toString(16)
      .padStart(CHECKSUM_LINE_BYTES - 1, "0")}\n`,
  );
}

/** The index, or `undefined` when there is none, or none that can be trusted. */
export function readIndex(
  segment: Pick<Segment, "path">,
  segmentBytes: number,
): SegmentIndex | undefined {
  try {
    const file = readFileSync(indexPath(segment));
    const rest = file.subarray(CHECKSUM_LINE_BYTES);
    if (!file.subarray(0, CHECKSUM_LINE_BYTES).equals(checksumLine(rest))) return undefined;
    const newline = rest.indexOf(0x0a);
    const heading: unknown = JSON.parse(rest.toString("utf8", 0, newline));
    if (!isHeading(heading) || heading.bytes !== segmentBytes) return undefined;
    return { ...heading, tables: readTables(heading, rest.subarray(newline + 1)) };
  } catch {
    // Missing, cut short or garbled: the segment itself is read instead.
    return undefined;
  }
}

function isHeading(value: unknown): value is Heading {
  return (
    typeof value === "object" && value !== null && "format" in value && value.format === FORMAT
  );
}

function readTables(heading: Heading, columns: Buffer): Map<number, BlockTable> {
  const tables = new Map<number, BlockTable>();
  let at = 0;
  for (const [partition, blocks] of heading.tables) {
    const { table, next } = BlockTable.decode(columns, at, blocks);
    tables.set(partition, table);
    at = next;
  }
  return tables;
}

export function removeIndex(segment: Pick<Segment, "path">): void {
  rmSync(indexPath(segment), { force: true });
}
