/**
 * Finds the sections of an encoded message (AMQP 1.0 part 3, section 3.2) and checks every byte of
 * them. The hub stores the bytes as they came; it only needs to know where to splice.
 */
import { byteAt, DecodeError, skipValue } from "./walk.ts";

const HEADER = 0x70;
const DELIVERY_ANNOTATIONS = 0x71;
const MESSAGE_ANNOTATIONS = 0x72;
const PROPERTIES = 0x73;
const APPLICATION_PROPERTIES = 0x74;
const DATA = 0x75;
const SEQUENCE = 0x76;
const VALUE = 0x77;
const FOOTER = 0x78;

const CODE_OF_SYMBOL = new Map([
  ["amqp:header:list", HEADER],
  ["amqp:delivery-annotations:map", DELIVERY_ANNOTATIONS],
  ["amqp:message-annotations:map", MESSAGE_ANNOTATIONS],
  ["amqp:properties:list", PROPERTIES],
  ["amqp:application-properties:map", APPLICATION_PROPERTIES],
  ["amqp:data:binary", DATA],
  ["amqp:amqp-sequence:list", SEQUENCE],
  ["amqp:amqp-value:*", VALUE],
  ["amqp:value:*", VALUE],
  ["amqp:footer:map", FOOTER],
]);

const LIST_CODES = new Set([0x45, 0xc0, 0xd0]);
const MAP_CODES = new Set([0x40, 0xc1, 0xd1]);
const BINARY_CODES = new Set([0x40, 0xa0, 0xb0]);

/** Where the parts of one message lie in the buffer that holds it. */
export interface MessageShape {
  readonly start: number;
  readonly end: number;
  /** End of the header section; equals `start` when there is none. */
  readonly headerEnd: number;
  /** The message annotations' map, or −1. */
  readonly annotationsAt: number;
  /** First section after the annotations. */
  readonly restAt: number;
}

interface Section {
  code: number;
  valueAt: number;
}

function sectionAt(bytes: Buffer, at: number, end: number): Section {
  if (byteAt(bytes, at, end) !== 0x00) throw new DecodeError("expected a section");
  const valueAt = skipValue(bytes, at + 1, end);
  const code = descriptorCode(bytes, at + 1, valueAt);
  if (code === undefined || code < HEADER || code > FOOTER)
    throw new DecodeError("unknown section");
  return { code, valueAt };
}

function descriptorCode(bytes: Buffer, at: number, end: number): number | undefined {
  const kind = bytes[at];
  if (kind === 0x53) return bytes[at + 1];
  if (kind === 0x80)
    return bytes.readUInt32BE(at + 1) === 0 ? bytes.readUInt32BE(at + 5) : undefined;
  if (kind === 0xa3) return CODE_OF_SYMBOL.get(bytes.toString("latin1", at + 2, end));
  return undefined;
}

function checkKind(code: number, kind: number): void {
  const allowed = allowedKinds(code);
  if (allowed && !allowed.has(kind)) {
    throw new DecodeError(`section 0x${code.toString(16)} has a wrong type`);
  }
}

function allowedKinds(code: number): ReadonlySet<number> | undefined {
  switch (code) {
    case HEADER:
    case PROPERTIES:
    case SEQUENCE:
      return LIST_CODES;
    case DATA:
      return BINARY_CODES;
    case VALUE:
      return undefined;
    default:
      return MAP_CODES;
  }
}

/** Checks the message in [start, end) and says where its parts are; throws `DecodeError`. */
export function readMessageShape(bytes: Buffer, start: number, end: number): MessageShape {
  let headerEnd = start;
  let annotationsAt = -1;
  let restAt = -1;
  let lastCode = 0;
  let hasFooter = false;
  let at = start;
  if (at >= end) throw new DecodeError("empty message");
  while (at < end) {
    const { code, valueAt } = sectionAt(bytes, at, end);
    if (code === FOOTER) {
      // rhea, and so the SDK, writes the footer before the body.
      if (hasFooter) throw new DecodeError("a second footer");
      hasFooter = true;
    } else {
      const mayRepeat = code === DATA || code === SEQUENCE;
      if (code < lastCode || (code === lastCode && !mayRepeat)) {
        throw new DecodeError("sections out of order");
      }
      lastCode = code;
    }
    checkKind(code, byteAt(bytes, valueAt, end));
    const next = skipValue(bytes, valueAt, end);
    if (code === HEADER) headerEnd = next;
    if (code === MESSAGE_ANNOTATIONS) annotationsAt = valueAt;
    if (code > MESSAGE_ANNOTATIONS && restAt < 0) restAt = at;
    at = next;
  }
  return { start, end, headerEnd, annotationsAt, restAt: restAt < 0 ? end : restAt };
}

interface BatchShape {
  partitionKey: string | undefined;
  messages: MessageShape[];
}

/** The messages inside a batch (message format 0x80013700): one encoded message a data section. */
export function readBatchShape(bytes: Buffer): BatchShape {
  const messages: MessageShape[] = [];
  let partitionKey: string | undefined;
  let at = 0;
  while (at < bytes.length) {
    const { code, valueAt } = sectionAt(bytes, at, bytes.length);
    if (code === SEQUENCE || code === VALUE) throw new DecodeError("a batch holds data sections");
    checkKind(code, byteAt(bytes, valueAt, bytes.length));
    const next = skipValue(bytes, valueAt, bytes.length);
    if (code === DATA) {
      const start = valueAt + (bytes[valueAt] === 0xa0 ? 2 : 5);
      messages.push(readMessageShape(bytes, start, next));
    } else if (code === MESSAGE_ANNOTATIONS) {
      partitionKey = annotationText(bytes, valueAt, bytes.length, "x-opt-partition-key");
    }
    at = next;
  }
  return { partitionKey, messages };
}

/** Items of an encoded map that has been walked: where they start, and how many (keys and values). */
export function mapItems(bytes: Buffer, at: number): { start: number; count: number } {
  const code = bytes[at];
  if (code === 0xc1) return { start: at + 3, count: bytes.readUInt8(at + 2) };
  if (code === 0xd1) return { start: at + 9, count: bytes.readUInt32BE(at + 5) };
  return { start: at + 1, count: 0 };
}

/** The string or symbol at `at`, or `undefined` when it is another type. */
export function textAt(bytes: Buffer, at: number): string | undefined {
  const code = bytes[at];
  if (code === 0xa1 || code === 0xa3) {
    return bytes.toString("utf8", at + 2, at + 2 + bytes.readUInt8(at + 1));
  }
  if (code === 0xb1 || code === 0xb3) {
    return bytes.toString("utf8", at + 5, at + 5 + bytes.readUInt32BE(at + 1));
  }
  return undefined;
}

/** Where the value under `key` begins in the walked map at `at`. */
function valueUnder(bytes: Buffer, at: number, end: number, key: string): number | undefined {
  const { start, count } = mapItems(bytes, at);
  let itemAt = start;
  for (let i = 0; i < count; i += 2) {
    const valueAt = skipValue(bytes, itemAt, end);
    if (textAt(bytes, itemAt) === key) return valueAt;
    itemAt = skipValue(bytes, valueAt, end);
  }
  return undefined;
}

/** The text under `key` in the walked map at `at`. */
export function annotationText(
  bytes: Buffer,
  at: number,
  end: number,
  key: string,
): string | undefined {
  const valueAt = valueUnder(bytes, at, end, key);
  return valueAt === undefined ? undefined : textAt(bytes, valueAt);
}

/** The signed integer of any width under `key` in the message's annotations. */
export function annotationInteger(
  bytes: Buffer,
  { annotationsAt, end }: MessageShape,
  key: string,
): number | undefined {
  if (annotationsAt < 0) return undefined;
  const at = valueUnder(bytes, annotationsAt, end, key);
  return at === undefined ? undefined : integerAt(bytes, at);
}

function integerAt(bytes: Buffer, at: number): number | undefined {
  switch (bytes[at]) {
    case 0x51:
    case 0x54:
    case 0x55:
      return bytes.readInt8(at + 1);
    case 0x61:
      return bytes.readInt16BE(at + 1);
    case 0x71:
      return bytes.readInt32BE(at + 1);
    case 0x81:
      return Number(bytes.readBigInt64BE(at + 1));
    default:
      return undefined;
  }
}
