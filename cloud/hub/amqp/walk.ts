/**
 * Walks encoded AMQP values without decoding them: every byte that a client sends is walked before
 * anything trusts its sizes. Types: AMQP 1.0 part 1, section 1.6.
 *
 * Invariants: no read outside [at, end); nesting at most DEPTH_MAX; the time is linear in the bytes.
 */

/** The bytes are not valid AMQP; the message says where they stopped making sense. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

const DEPTH_MAX = 32;
/** An array of zero-width items costs no bytes an item, but memory once it is decoded. */
const EMPTY_ITEMS_MAX = 16;
const DESCRIBED = 0x00;

const FIXED_CODES = new Set([
  0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x60, 0x61, 0x70,
  0x71, 0x72, 0x73, 0x74, 0x80, 0x81, 0x82, 0x83, 0x84, 0x94, 0x98,
]);
const FIXED_WIDTHS = [0, 1, 2, 4, 8, 16];

/** The constructor byte at `at`; throws when the bytes end before it. */
export function byteAt(bytes: Buffer, at: number, end: number): number {
  const byte = at < end ? bytes[at] : undefined;
  if (byte === undefined) throw new DecodeError("truncated value");
  return byte;
}

function advance(at: number, byteCount: number, end: number): number {
  if (at + byteCount > end) throw new DecodeError("truncated value");
  return at + byteCount;
}

function sizeAt(bytes: Buffer, at: number, width: number, end: number): number {
  advance(at, width, end);
  return width === 1 ? bytes.readUInt8(at) : bytes.readUInt32BE(at);
}

/** The offset just past the value at `at`. */
export function skipValue(bytes: Buffer, at: number, end: number, depth = 0): number {
  if (depth > DEPTH_MAX) throw new DecodeError("nesting too deep");
  const code = byteAt(bytes, at, end);
  if (code !== DESCRIBED) return skipBody(bytes, at + 1, end, code, depth);
  const valueAt = skipValue(bytes, at + 1, end, depth + 1);
  return skipValue(bytes, valueAt, end, depth + 1);
}

function skipBody(bytes: Buffer, at: number, end: number, code: number, depth: number): number {
  switch (code) {
    case 0xa0:
    case 0xa1:
    case 0xa3:
      return advance(at + 1, sizeAt(bytes, at, 1, end), end);
    case 0xb0:
    case 0xb1:
    case 0xb3:
      return advance(at + 4, sizeAt(bytes, at, 4, end), end);
    case 0xc0:
    case 0xc1:
      return skipCompound(bytes, at, end, 1, code === 0xc1, depth);
    case 0xd0:
    case 0xd1:
      return skipCompound(bytes, at, end, 4, code === 0xd1, depth);
    case 0xe0:
      return skipArray(bytes, at, end, 1, depth);
    case 0xf0:
      return skipArray(bytes, at, end, 4, depth);
    default:
      return skipFixed(at, end, code);
  }
}

function skipFixed(at: number, end: number, code: number): number {
  if (!FIXED_CODES.has(code)) throw new DecodeError(`unknown type code 0x${code.toString(16)}`);
  return advance(at, FIXED_WIDTHS[(code >>> 4) - 4] ?? 0, end);
}

function skipCompound(
  bytes: Buffer,
  at: number,
  end: number,
  width: number,
  isMap: boolean,
  depth: number,
): number {
  const stop = advance(at + width, sizeAt(bytes, at, width, end), end);
  const count = sizeAt(bytes, at + width, width, stop);
  if (isMap && count % 2 !== 0) throw new DecodeError("a map with an odd count");
  let item = at + 2 * width;
  for (let i = 0; i < count; i++) item = skipValue(bytes, item, stop, depth + 1);
  if (item !== stop) throw new DecodeError("compound size mismatch");
  return stop;
}

function skipArray(bytes: Buffer, at: number, end: number, width: number, depth: number): number {
  const stop = advance(at + width, sizeAt(bytes, at, width, end), end);
  const count = sizeAt(bytes, at + width, width, stop);
  let item = at + 2 * width;
  let code = byteAt(bytes, item++, stop);
  while (code === DESCRIBED) {
    item = skipValue(bytes, item, stop, depth + 1);
    code = byteAt(bytes, item++, stop);
  }
  if (code >>> 4 === 4) {
    if (count > EMPTY_ITEMS_MAX) throw new DecodeError("array of empty items too long");
    skipFixed(item, stop, code);
  } else {
    for (let i = 0; i < count; i++) item = skipBody(bytes, item, stop, code, depth + 1);
  }
  if (item !== stop) throw new DecodeError("array size mismatch");
  return stop;
}
