/**
 * The state record at the head of each segment: where every partition stood. With it a segment can be
 * deleted by retention, or be damaged, without a sequence number ever being used twice.
 */
import { BLOCK_HEAD_BYTES, BLOCK_KIND, type BlockHead, sealBlock } from "./block.ts";
import type { PartitionState } from "./partition-state.ts";

const NO_PARTITION = 0xffff;
const NUMBERS_A_PARTITION = 4;

export function encodeStateBlock(
  partitions: readonly PartitionState[],
  syncedTo: number,
  timeMs: number,
): Buffer {
  const payload = Buffer.from(
    JSON.stringify(partitions.map((p) => [p.nextSeq, p.nextOffset, p.lastOffset, p.lastTimeMs])),
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

function isRow(row: unknown): row is number[] {
  return (
    Array.isArray(row) && row.length === NUMBERS_A_PARTITION && row.every(Number.isSafeInteger)
  );
}

/** Moves the partitions to what the record says; records only ever move them forward. */
export function applyStateBlock(
  partitions: readonly PartitionState[],
  bytes: Buffer,
  at: number,
  head: BlockHead,
): void {
  const rows: unknown = JSON.parse(bytes.toString("utf8", at + BLOCK_HEAD_BYTES, at + head.bytes));
  if (!Array.isArray(rows)) return;
  for (const partition of partitions) {
    const row: unknown = rows[partition.id];
    if (!isRow(row)) continue;
    const [nextSeq = 0, nextOffset = 0, lastOffset = -1, lastTimeMs = 0] = row;
    if (nextSeq < partition.nextSeq) continue;
    Object.assign(partition, { nextSeq, nextOffset, lastOffset, lastTimeMs });
  }
}
