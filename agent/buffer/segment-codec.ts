/**
 * The stored form of a segment: one LevelDB value, written in one synced batch. LevelDB neither
 * verifies its checksums on reading nor reports every damage, so the segment carries its own.
 *
 *   0   4  magic "PSG1"
 *   4   4  CRC-32 of all that follows
 *   8   8  time of the commit, milliseconds since 1970 (float64)
 *  16   2  length of the epoch, then the epoch in UTF-8
 *      2  number of chunks, then for each: lane (2), seq (float64), readings (4), length (4)
 *         the chunks' lines, one after the other
 *
 * Numbers are big-endian.
 */
import { crc32 } from "node:zlib";
import type { StoredChunk } from "./contract.ts";

const MAGIC = 0x50534731;
const CRC_AT = 4;
const CRC_FROM = 8;
const FIXED_BYTES = 18;
const CHUNK_HEADER_BYTES = 18;

/** A chunk on its way into a segment. */
export interface SegmentChunk {
  lane: number;
  seq: number;
  readings: number;
  line: Uint8Array;
}

export interface Segment {
  committedAtMs: number;
  epoch: string;
  chunks: StoredChunk[];
}

export function encodeSegment(
  committedAtMs: number,
  epoch: string,
  chunks: readonly SegmentChunk[],
): Buffer {
  const epochBytes = Buffer.from(epoch);
  const headerBytes = FIXED_BYTES + epochBytes.length + 2 + CHUNK_HEADER_BYTES * chunks.length;
  const lineBytes = chunks.reduce((sum, chunk) => sum + chunk.line.length, 0);
  const segment = Buffer.allocUnsafe(headerBytes + lineBytes);
  segment.writeUInt32BE(MAGIC, 0);
  segment.writeDoubleBE(committedAtMs, 8);
  segment.writeUInt16BE(epochBytes.length, 16);
  let at = FIXED_BYTES + epochBytes.copy(segment, FIXED_BYTES);
  at = segment.writeUInt16BE(chunks.length, at);
  for (const chunk of chunks) {
    at = segment.writeUInt16BE(chunk.lane, at);
    at = segment.writeDoubleBE(chunk.seq, at);
    at = segment.writeUInt32BE(chunk.readings, at);
    at = segment.writeUInt32BE(chunk.line.length, at);
  }
  for (const chunk of chunks) {
    segment.set(chunk.line, at);
    at += chunk.line.length;
  }
  segment.writeUInt32BE(crc32(segment.subarray(CRC_FROM)), CRC_AT);
  return segment;
}

/** The segment, or undefined where its bytes are damaged. */
export function decodeSegment(number: number, bytes: Buffer): Segment | undefined {
  if (bytes.length < FIXED_BYTES || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  if (bytes.readUInt32BE(CRC_AT) !== crc32(bytes.subarray(CRC_FROM))) return undefined;
  const epochLength = bytes.readUInt16BE(16);
  const epoch = bytes.toString("utf8", FIXED_BYTES, FIXED_BYTES + epochLength);
  let at = FIXED_BYTES + epochLength;
  const count = bytes.readUInt16BE(at);
  at += 2;
  let lineAt = at + count * CHUNK_HEADER_BYTES;
  const chunks: StoredChunk[] = [];
  for (let i = 0; i < count; i++, at += CHUNK_HEADER_BYTES) {
    const length = bytes.readUInt32BE(at + 14);
    chunks.push({
      segment: number,
      epoch,
      lane: bytes.readUInt16BE(at),
      seq: bytes.readDoubleBE(at + 2),
      readings: bytes.readUInt32BE(at + 10),
      line: bytes.subarray(lineAt, lineAt + length),
    });
    lineAt += length;
  }
  return { committedAtMs: bytes.readDoubleBE(8), epoch, chunks };
}
