/**
 * Brings the log's folder back to a known state after whatever happened to it.
 *
 * - A torn tail (the last group, never confirmed) is cut, and kept aside in a file of its own.
 * - A damaged record anywhere else is stepped over and reported: the partitions go on after it, and
 *   readers see a jump in the sequence numbers.
 * - Damage never keeps the hub from starting.
 */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { Logger } from "#core/log.ts";
import { readMessageShape } from "../amqp/message-sections.ts";
import { PRODUCER_ID, type Publication, readPublication } from "../amqp/publication.ts";
import { BLOCK_HEAD_BYTES, BLOCK_KIND, EVENT_HEAD_BYTES } from "./block.ts";
import { readIndex } from "./index-file.ts";
import { advancePast, type PartitionState } from "./partition-state.ts";
import {
  copyStates,
  openSegment,
  type Segment,
  segmentBase,
  segmentPath,
  tableOf,
} from "./segment.ts";
import { type Scanned, scanSegment } from "./segment-scan.ts";
import { applyStateBlock, type LogKnowledge } from "./state-block.ts";

const TAIL_KEPT_BYTES_MAX = 16 * 1024 * 1024;

export interface Recovery {
  segments: Segment[];
  blocks: number;
  /** Bytes cut from the end of the last segment. */
  tornBytes: number;
  /** Ranges that were stepped over. */
  damaged: { segment: string; at: number; to: number }[];
}

/** Reads all segments of the folder, and moves the partitions to where the log ends. */
export function recoverLog(
  folder: string,
  knowledge: LogKnowledge,
  cleanEnd: number | undefined,
  log: Logger,
): Recovery {
  const recovery: Recovery = { segments: [], blocks: 0, tornBytes: 0, damaged: [] };
  const bases = readdirSync(folder)
    .map(segmentBase)
    .filter((base) => base !== undefined)
    .toSorted((a, b) => a - b);
  const { partitions } = knowledge;
  for (const [i, base] of bases.entries()) {
    const segment = openSegment(folder, base, "existing", partitions, 0);
    recovery.segments.push(segment);
    const isLast = i === bases.length - 1;
    const mayTakeIndex = i < bases.length - 2 || (!isLast && isBegun(folder, bases.at(-1)));
    if (mayTakeIndex && takeIndex(segment, partitions)) continue;
    recoverSegment(segment, recovery, knowledge, { isLast, cleanEnd });
  }
  for (const range of recovery.damaged) {
    log.error(range, "A damaged part of the hub's log was stepped over; its events are lost.");
  }
  return recovery;
}

/** Whether the segment begins with the record of what all before it has come to: an index has it not. */
function isBegun(folder: string, base = 0): boolean {
  const path = segmentPath(folder, base);
  const fd = openSync(path, "r");
  try {
    const first = scanSegment(fd, statSync(path).size).next();
    return first.value?.kind === "block" && first.value.head.kind === BLOCK_KIND.state;
  } finally {
    closeSync(fd);
  }
}

/** A finished segment with a good index file is not read at all. */
function takeIndex(segment: Segment, partitions: readonly PartitionState[]): boolean {
  const index = readIndex(segment, statSync(segment.path).size);
  if (!index) return false;
  const { bytes, newestMs, damagedBytes, start } = index;
  Object.assign(segment, { bytes, newestMs, damagedBytes, start, isIndexed: true });
  // Read back when somebody wants old events.
  segment.tables = undefined;
  for (const partition of partitions) Object.assign(partition, index.end[partition.id]);
  return true;
}

interface Position {
  isLast: boolean;
  cleanEnd: number | undefined;
}

function recoverSegment(
  segment: Segment,
  recovery: Recovery,
  knowledge: LogKnowledge,
  position: Position,
): void {
  const size = statSync(segment.path).size;
  // After a clean stop everything in the file was confirmed, so damage is never a torn tail.
  const mayBeTorn = position.isLast && position.cleanEnd !== segment.base + size;
  let end = size;
  let hole: { at: number; to: number } | undefined;
  for (const item of scanSegment(segment.fd, size)) {
    if (item.kind === "damage") {
      hole = hole ? { at: hole.at, to: item.to } : { at: item.at, to: item.to };
      continue;
    }
    if (hole && mayBeTorn && item.head.syncedTo <= segment.base + hole.at) {
      end = hole.at;
      break;
    }
    if (hole) stepOver(segment, recovery, hole);
    hole = undefined;
    takeBlock(segment, knowledge, item);
    recovery.blocks += 1;
  }
  if (hole && mayBeTorn) end = hole.at;
  else if (hole) stepOver(segment, recovery, hole);
  if (end < size) cutTail(segment, end, size, recovery);
  segment.bytes = end;
}

function stepOver(segment: Segment, recovery: Recovery, hole: { at: number; to: number }): void {
  recovery.damaged.push({ segment: segment.path, ...hole });
  segment.damagedBytes += hole.to - hole.at;
}

function takeBlock(
  segment: Segment,
  knowledge: LogKnowledge,
  item: Extract<Scanned, { kind: "block" }>,
): void {
  const { partitions, producers } = knowledge;
  const { head, at } = item;
  if (head.kind === BLOCK_KIND.state) {
    applyStateBlock(knowledge, item.bytes, item.bytesAt, head);
    // What lies between the previous segment's end and this record was deleted, or is damaged.
    segment.start = copyStates(partitions);
    segment.createdMs = head.timeMs;
    return;
  }
  const partition = partitions[head.partition];
  if (!partition || head.baseSeq < partition.nextSeq) return;
  tableOf(segment, head.partition).push(segment.base + at, head);
  advancePast(partition, head);
  const publication = publicationIn(item);
  if (publication) producers.commit(head.partition, publication);
  if (segment.createdMs === 0) segment.createdMs = head.timeMs;
  segment.newestMs = Math.max(segment.newestMs, head.timeMs);
}

/** A block is one delivery, so its first event tells of all. */
function publicationIn(item: Extract<Scanned, { kind: "block" }>): Publication | undefined {
  const { bytes, bytesAt, head } = item;
  const at = bytesAt + BLOCK_HEAD_BYTES;
  const event = bytes.subarray(
    at + EVENT_HEAD_BYTES,
    at + EVENT_HEAD_BYTES + bytes.readUInt32BE(at),
  );
  // Of most events nothing need be walked.
  if (!event.includes(PRODUCER_ID)) return undefined;
  return readPublication(event, readMessageShape(event, 0, event.length), head.count);
}

function cutTail(segment: Segment, end: number, size: number, recovery: Recovery): void {
  recovery.tornBytes += size - end;
  // Only the newest torn tail is kept: it is evidence for a person, never read by the hub.
  const tail = Buffer.alloc(Math.min(size - end, TAIL_KEPT_BYTES_MAX));
  readSync(segment.fd, tail, 0, tail.length, end);
  writeFileSync(`${segment.path}.torn`, tail, { mode: 0o600 });
  ftruncateSync(segment.fd, end);
  fsyncSync(segment.fd);
}
