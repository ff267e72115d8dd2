/**
 * One block of the log: what one transfer brought to one partition, or the state record that opens
 * a segment. Everything is big-endian.
 *
 *    0 u32 magic "PSB1"           20 u32 event count
 *    4 u32 CRC-32 of bytes 8..63  24 u64 first sequence number
 *    8 u32 CRC-32 of the payload  32 u64 offset of the first event
 *   12 u32 block bytes            40 u64 offset of the last event
 *   16 u16 partition              48 u64 enqueued time, ms since 1970
 *   18 u16 kind                   56 u64 log address up to which all was synced at writing
 *
 * The payload of an events block is, per event: u32 bytes, u8 bytes of its header section, the
 * stored message. The header has a checksum of its own, so that a damaged payload can be stepped
 * over without searching.
 */
import { crc32 } from "node:zlib";

export const BLOCK_HEAD_BYTES = 64;
export const EVENT_HEAD_BYTES = 5;
const MAGIC = 0x50534231;
const CHECKED_FROM = 8;

export const BLOCK_KIND = { events: 1, state: 2 } as const;

export interface BlockHead {
  kind: number;
  partition: number;
  bytes: number;
  count: number;
  baseSeq: number;
  baseOffset: number;
  lastOffset: number;
  timeMs: number;
  syncedTo: number;
}

function write64(out: Buffer, value: number, at: number): void {
  out.writeBigUInt64BE(BigInt(value), at);
}

function read64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64BE(at));
}

/** Completes the block whose payload already lies in [at + 64, at + head.bytes). */
export function sealBlock(out: Buffer, at: number, head: BlockHead): void {
  out.writeUInt32BE(MAGIC, at);
  out.writeUInt32BE(crc32(out.subarray(at + BLOCK_HEAD_BYTES, at + head.bytes)), at + 8);
  out.writeUInt32BE(head.bytes, at + 12);
  out.writeUInt16BE(head.partition, at + 16);
  out.writeUInt16BE(head.kind, at + 18);
  out.writeUInt32BE(head.count, at + 20);
  write64(out, head.baseSeq, at + 24);
  write64(out, head.baseOffset, at + 32);
  write64(out, head.lastOffset, at + 40);
  write64(out, head.timeMs, at + 48);
  write64(out, head.syncedTo, at + 56);
  out.writeUInt32BE(crc32(out.subarray(at + CHECKED_FROM, at + BLOCK_HEAD_BYTES)), at + 4);
}

/** The head at `at`, or `undefined` when it is not one, or damaged. */
export function readBlockHead(bytes: Buffer, at: number): BlockHead | undefined {
  if (at + BLOCK_HEAD_BYTES > bytes.length || bytes.readUInt32BE(at) !== MAGIC) return undefined;
  const checksum = crc32(bytes.subarray(at + CHECKED_FROM, at + BLOCK_HEAD_BYTES));
  if (checksum !== bytes.readUInt32BE(at + 4)) return undefined;
  return {
    kind: bytes.readUInt16BE(at + 18),
    partition: bytes.readUInt16BE(at + 16),
    bytes: bytes.readUInt32BE(at + 12),
    count: bytes.readUInt32BE(at + 20),
    baseSeq: read64(bytes, at + 24),
    baseOffset: read64(bytes, at + 32),
    lastOffset: read64(bytes, at + 40),
    timeMs: read64(bytes, at + 48),
    syncedTo: read64(bytes, at + 56),
  };
}

export function payloadIsSound(bytes: Buffer, at: number, head: BlockHead): boolean {
  const payload = bytes.subarray(at + BLOCK_HEAD_BYTES, at + head.bytes);
  return (
    payload.length === head.bytes - BLOCK_HEAD_BYTES &&
    crc32(payload) === bytes.readUInt32BE(at + 8)
  );
}

/** Offset that the partition's next event gets: offsets count the bytes of stored messages. */
export function nextOffsetOf(head: BlockHead): number {
  return head.baseOffset + head.bytes - BLOCK_HEAD_BYTES - head.count * EVENT_HEAD_BYTES;
}

/** Sequence number of the block's first event whose offset is at least `offset` (or above it). */
export function seqOfOffset(
  bytes: Buffer,
  head: Pick<BlockHead, "count" | "baseSeq" | "baseOffset">,
  offset: number,
  inclusive: boolean,
): number {
  let at = BLOCK_HEAD_BYTES;
  let eventOffset = head.baseOffset;
  for (let seq = head.baseSeq; seq < head.baseSeq + head.count; seq++) {
    if (eventOffset > offset || (inclusive && eventOffset === offset)) return seq;
    const eventBytes = bytes.readUInt32BE(at);
    eventOffset += eventBytes;
    at += eventBytes + EVENT_HEAD_BYTES;
  }
  return head.baseSeq + head.count;
}
