/**
 * Writes a message in the form in which it is stored and delivered: the client's bytes, with the
 * broker's three annotations spliced in, and delivery annotations (which end at this hop) left out.
 * Nothing is re-encoded, so no type and no byte of the body can change.
 */
import { type MessageShape, mapItems, textAt } from "./message-sections.ts";
import { PRODUCER_EPOCH, PRODUCER_ID, PRODUCER_SEQUENCE } from "./publication.ts";
import { skipValue } from "./walk.ts";

function symbol(name: string): Buffer {
  return Buffer.concat([Buffer.from([0xa3, name.length]), Buffer.from(name, "latin1")]);
}

const SEQUENCE_NUMBER = symbol("x-opt-sequence-number");
const OFFSET = symbol("x-opt-offset");
const ENQUEUED_TIME = symbol("x-opt-enqueued-time");
/** A client may not pretend these: they are dropped from what it sends. */
const RESERVED = new Set(["x-opt-sequence-number", "x-opt-offset", "x-opt-enqueued-time"]);

/** Kept of idempotent producers alone: elsewhere they would be copies of what was read somewhere. */
const PRODUCER = new Set([PRODUCER_ID, PRODUCER_EPOCH, PRODUCER_SEQUENCE]);

const TWO_TO_32 = 4_294_967_296;
const OFFSET_DIGITS_MAX = 16;
const SECTION_HEAD_BYTES = 12;
const FIXED_VALUE_BYTES = 9;
const ADDED_BYTES_MAX =
  SECTION_HEAD_BYTES +
  SEQUENCE_NUMBER.length +
  FIXED_VALUE_BYTES +
  OFFSET.length +
  2 +
  OFFSET_DIGITS_MAX +
  ENQUEUED_TIME.length +
  FIXED_VALUE_BYTES;

/** What the hub adds to an event. */
export interface Annotations {
  sequenceNumber: number;
  offset: number;
  enqueuedTimeMs: number;
  /** The producer's own numbers are to be kept. */
  isIdempotent: boolean;
}

export function storedBytesMax(shape: MessageShape): number {
  return shape.end - shape.start + ADDED_BYTES_MAX;
}

function write64(out: Buffer, at: number, value: number): number {
  out.writeUInt32BE(Math.floor(value / TWO_TO_32), at);
  out.writeUInt32BE(value % TWO_TO_32, at + 4);
  return at + 8;
}

/** Copies the client's own annotations; gives the offset after them and how many were written. */
function copyAnnotations(
  out: Buffer,
  outAt: number,
  source: Buffer,
  shape: MessageShape,
  isIdempotent: boolean,
): { at: number; count: number } {
  let at = outAt;
  let written = 0;
  if (shape.annotationsAt < 0) return { at, count: 0 };
  const items = mapItems(source, shape.annotationsAt);
  let itemAt = items.start;
  for (let i = 0; i < items.count; i += 2) {
    const next = skipValue(source, skipValue(source, itemAt, shape.end), shape.end);
    const key = textAt(source, itemAt);
    const isKept =
      key === undefined || !(RESERVED.has(key) || (!isIdempotent && PRODUCER.has(key)));
    if (isKept) {
      at += source.copy(out, at, itemAt, next);
      written += 2;
    }
    itemAt = next;
  }
  return { at, count: written };
}

function writeOwnAnnotations(out: Buffer, outAt: number, added: Annotations): number {
  let at = outAt + SEQUENCE_NUMBER.copy(out, outAt);
  out[at] = 0x81;
  at = write64(out, at + 1, added.sequenceNumber);
  at += OFFSET.copy(out, at);
  const digits = String(added.offset);
  out[at] = 0xa1;
  out[at + 1] = digits.length;
  at += 2 + out.write(digits, at + 2, "latin1");
  at += ENQUEUED_TIME.copy(out, at);
  out[at] = 0x83;
  return write64(out, at + 1, added.enqueuedTimeMs);
}

/** Writes the stored form at `outAt` and gives the offset just past it. */
export function writeStoredMessage(
  out: Buffer,
  outAt: number,
  source: Buffer,
  shape: MessageShape,
  added: Annotations,
): number {
  let at = outAt + source.copy(out, outAt, shape.start, shape.headerEnd);
  const sectionAt = at;
  out[at] = 0x00;
  out[at + 1] = 0x53;
  out[at + 2] = 0x72;
  out[at + 3] = 0xd1;
  const copied = copyAnnotations(out, at + SECTION_HEAD_BYTES, source, shape, added.isIdempotent);
  at = writeOwnAnnotations(out, copied.at, added);
  out.writeUInt32BE(at - sectionAt - 8, sectionAt + 4);
  out.writeUInt32BE(copied.count + 6, sectionAt + 8);
  return at + source.copy(out, at, shape.restAt, shape.end);
}
