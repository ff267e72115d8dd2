/**
 * One file of the log. Addresses count bytes over all segments, so that a block has one number; the
 * file's name is its first address.
 */
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BlockTable } from "./block-table.ts";
import type { PartitionState } from "./partition-state.ts";

const NAME_DIGITS = 16;
const NAME = /^(\d{16})\.log$/;

export interface Segment {
  readonly base: number;
  readonly path: string;
  readonly fd: number;
  /** When it was begun. */
  createdMs: number;
  /** Where each partition stands where the segment begins. */
  start: PartitionState[];
  /** Synced bytes: nothing beyond is read. */
  bytes: number;
  /** Newest enqueued time inside, for retention by age. */
  newestMs: number;
  /** Damaged bytes that were stepped over. */
  damagedBytes: number;
  /** Block tables by partition; `undefined` while they are only on disk. */
  tables: Map<number, BlockTable> | undefined;
  /** The index file is written, so the tables may leave memory. */
  isIndexed: boolean;
  /** Reads under way; the file of a retired segment is closed after the last of them. */
  reads: number;
  isRetired: boolean;
}

export function segmentBase(fileName: string): number | undefined {
  const digits = NAME.exec(fileName)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function segmentPath(folder: string, base: number): string {
  return join(folder, `${String(base).padStart(NAME_DIGITS, "0")}.log`);
}

export function copyStates(partitions: readonly PartitionState[]): PartitionState[] {
  return partitions.map((partition) => ({ ...partition }));
}

export function openSegment(
  folder: string,
  base: number,
  mode: "create" | "existing",
  partitions: readonly PartitionState[],
  createdMs: number,
): Segment {
  const path = segmentPath(folder, base);
  return {
    base,
    path,
    fd: openSync(path, mode === "create" ? "wx+" : "r+", 0o600),
    createdMs,
    start: copyStates(partitions),
    bytes: 0,
    newestMs: 0,
    damagedBytes: 0,
    tables: new Map(),
    isIndexed: false,
    reads: 0,
    isRetired: false,
  };
}

export function closeSegment(segment: Segment): void {
  closeSync(segment.fd);
}

/** Deletes the file; readers that are in the middle of it finish first. */
export function retireSegment(segment: Segment): void {
  segment.isRetired = true;
  segment.tables = undefined;
  if (segment.reads === 0) closeSegment(segment);
  rmSync(segment.path, { force: true });
}

export function beginRead(segment: Segment): void {
  segment.reads += 1;
}

export function endRead(segment: Segment): void {
  segment.reads -= 1;
  if (segment.isRetired && segment.reads === 0) closeSegment(segment);
}

/** The table of the partition in a segment whose tables are in memory. */
export function tableOf(segment: Segment, partition: number): BlockTable {
  const tables = (segment.tables ??= new Map());
  let table = tables.get(partition);
  if (!table) {
    table = new BlockTable();
    tables.set(partition, table);
  }
  return table;
}
