/**
 * Whether a log file of LevelDB is whole. LevelDB skips damaged records in silence, and with them
 * goes the newest state: sequence numbers would then be used a second time. A record that is cut off
 * at the end may be a write that a crash interrupted, or one that a disk has lost: not whole, either.
 *
 * A log is a row of blocks of 32 KiB; a record lies within one block: CRC-32C of what follows the
 * length (masked), length, type, payload (doc/log_format.md of LevelDB).
 */
const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
const LENGTH_AT = 4;
const TYPE_AT = 6;
const MASK_DELTA = 0xa282ead8;
const POLYNOMIAL_REVERSED = 0x82f63b78;

export function isLogWhole(log: Buffer): boolean {
  let at = 0;
  while (at < log.length) {
    const blockEnd = at - (at % BLOCK_BYTES) + BLOCK_BYTES;
    if (blockEnd - at < HEADER_BYTES) {
      at = blockEnd;
      continue;
    }
    if (log.length - at < HEADER_BYTES) return false;
    const end = at + HEADER_BYTES + log.readUInt16LE(at + LENGTH_AT);
    if (end > Math.min(blockEnd, log.length)) return false;
    if (log.readUInt32LE(at) !== masked(crc32c(log.subarray(at + TYPE_AT, end)))) return false;
    at = end;
  }
  return true;
}

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL_REVERSED : crc >>> 1;
  return crc >>> 0;
});

function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
