/**
 * The state record at the head of each segment: where every partition stood, and its idempotent
 * producers. With it a segment can be deleted by retention, or be damaged, without a sequence number
 * ever being used twice.
 */
import { BLOCK_HEAD_BYTES, BLOCK_KIND, type BlockHead, sealBlock } from "./block.ts";
import type { PartitionState } from "./partition-state.ts";
import type { ProducerBook, ProducerRow } from "./producer-book.ts";

const NO_PARTITION = 0xffff;
const NUMBERS_A_PARTITION = 4;
const NUMBERS_A_PRODUCER = 3;

/** What can be known of a log at one place in it. */
export interface LogKnowledge {
  readonly partitions: readonly PartitionState[];
  readonly producers: ProducerBook;
}

export function encodeStateBlock(
  { partitions, producers }: LogKnowledge,
  syncedTo: number,
  timeMs: number,
): Buffer {
  const payload = Buffer.from(
    JSON.stringify(
      partitions.map((p) => [
        p.nextSeq,
        p.nextOffset,
        p.lastOffset,
        p.lastTimeMs,
        producers.rows(p.id),
      ]),
    ),
  );
  const out = Buffer.alloc(BLOCK_HEAD_BYTES + payload.length);
  payload.copy(out, BLOCK_HEAD_BYTES);
  const head: BlockHead = {
    kind: BLOCK_KIND.state,
    partition: NO_PARTITION,
    bytes: out.length,
    count: 0,
    baseSeq: 0,
    baseOffset: 0,
    lastOffset: 0,
    timeMs,
    syncedTo,
  };
  sealBlock(out, 0, head);
  return out;
}

function isNumbers(row: unknown, count: number): row is number[] {
  return Array.isArray(row) && row.length === count && row.every(Number.isSafeInteger);
}

function isProducer(row: unknown): row is ProducerRow {
  return isNumbers(row, NUMBERS_A_PRODUCER);
}

/** Moves the partitions to what the record says; records only ever move them forward. */
export function applyStateBlock(
  { partitions, producers }: LogKnowledge,
  bytes: Buffer,
  at: number,
  head: BlockHead,
): void {
  const rows: unknown = JSON.parse(bytes.toString("utf8", at + BLOCK_HEAD_BYTES, at + head.bytes));
  if (!Array.isArray(rows)) return;
  for (const partition of partitions) {
    const row: unknown = rows[partition.id];
    if (!Array.isArray(row)) continue;
    const numbers = row.slice(0, NUMBERS_A_PARTITION);
    if (!isNumbers(numbers, NUMBERS_A_PARTITION)) continue;
    const [nextSeq = 0, nextOffset = 0, lastOffset = -1, lastTimeMs = 0] = numbers;
    if (nextSeq < partition.nextSeq) continue;
    Object.assign(partition, { nextSeq, nextOffset, lastOffset, lastTimeMs });
    const known: unknown = row[NUMBERS_A_PARTITION];
    producers.restore(partition.id, Array.isArray(known) ? known.filter(isProducer) : []);
  }
}
