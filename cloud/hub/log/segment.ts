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
  /** Next sequence number and offset of each partition where the segment begins. */
  readonly startSeq: Float64Array;
  readonly startOffset: Float64Array;
  /** Synced bytes: nothing beyond is read. */
  bytes: number;
  /** Newest enqueued time inside, for retention by age. */
  newestMs: number;
  /** Damaged bytes that were stepped over. */
  damagedBytes: number;
  readonly tables: Map<number, BlockTable>;
}

export function segmentBase(fileName: string): number | undefined {
  const digits = NAME.exec(fileName)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function openSegment(
  folder: string,
  base: number,
  mode: "create" | "existing",
  partitions: readonly PartitionState[],
): Segment {
  const path = join(folder, `${String(base).padStart(NAME_DIGITS, "0")}.log`);
  const fd = openSync(path, mode === "create" ? "wx+" : "r+", 0o600);
  return {
    base,
    path,
    fd,
    startSeq: Float64Array.from(partitions, (partition) => partition.nextSeq),
    startOffset: Float64Array.from(partitions, (partition) => partition.nextOffset),
    bytes: 0,
    newestMs: 0,
    damagedBytes: 0,
    tables: new Map(),
  };
}

export function closeSegment(segment: Segment): void {
  closeSync(segment.fd);
}

export function removeSegment(segment: Segment): void {
  closeSync(segment.fd);
  rmSync(segment.path, { force: true });
}

export function tableOf(segment: Segment, partition: number): BlockTable {
  let table = segment.tables.get(partition);
  if (!table) {
    table = new BlockTable();
    segment.tables.set(partition, table);
  }
  return table;
}
