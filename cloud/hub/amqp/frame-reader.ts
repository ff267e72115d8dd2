/**
 * Cuts a byte stream into AMQP frames (AMQP 1.0 part 2, section 2.3) and protocol headers.
 *
 * Invariants: a frame that announces more than `frameBytesMax` is refused from its first four bytes,
 * before anything is kept; what is kept is at most one frame; a frame leaves only with its
 * performative walked.
 */
import { DecodeError, skipValue } from "./walk.ts";

const HEADER_BYTES = 8;
const AMQP_MAGIC = 0x414d5150;
const FRAME_HEAD_BYTES = 8;
const TRANSFER = 0x14;

export interface ProtocolHeader {
  kind: "header";
  /** 0 AMQP, 2 TLS, 3 SASL. */
  protocol: number;
  versionKnown: boolean;
}

export interface Frame {
  kind: "frame";
  type: "amqp" | "sasl";
  channel: number;
  /** Descriptor code of the performative; `undefined` for an empty frame (a heartbeat). */
  code: number | undefined;
  /** The whole frame; valid until the consumer returns, unless copied. */
  bytes: Buffer;
  /** Where the performative's list starts, and where the payload does. */
  listAt: number;
  payloadAt: number;
}

export class FrameReader {
  /** May be raised while reading: a peer is trusted with more once it has logged in. */
  frameBytesMax: number;
  readonly #consume: (item: Frame | ProtocolHeader) => boolean;
  /** The frame that is arriving, as long as it has announced; at first only its head. */
  #arriving: Buffer | undefined;
  #arrivedBytes = 0;

  /** `consume` gets each item in order, and answers whether to go on reading. */
  constructor(frameBytesMax: number, consume: (item: Frame | ProtocolHeader) => boolean) {
    this.frameBytesMax = frameBytesMax;
    this.#consume = consume;
  }

  /** Takes the next bytes; throws `DecodeError` when they cannot be AMQP. */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      const left = bytes.length - at;
      if (this.#arriving) at += this.#add(this.#arriving, bytes, at);
      else if (left < HEADER_BYTES) at += this.#begin(HEADER_BYTES, bytes, at);
      else {
        const size = this.#announced(bytes, at);
        if (left < size) at += this.#begin(size, bytes, at);
        else if (this.#consume(readItem(bytes, at, at + size))) at += size;
        else return;
      }
      if (this.#arrivedBytes > 0 && !this.#finish()) return;
    }
  }

  /** A frame in several reads is copied once, into its place; gives how many bytes were taken. */
  #begin(size: number, bytes: Buffer, at: number): number {
    this.#arriving = Buffer.allocUnsafe(size);
    return this.#add(this.#arriving, bytes, at);
  }

  #add(arriving: Buffer, bytes: Buffer, at: number): number {
    const taken = bytes.copy(arriving, this.#arrivedBytes, at);
    this.#arrivedBytes += taken;
    return taken;
  }

  /** Hands the arriving frame on when it is complete; answers whether to go on reading. */
  #finish(): boolean {
    const arriving = this.#arriving;
    if (!arriving || this.#arrivedBytes < arriving.length) return true;
    const size = this.#announced(arriving, 0);
    if (size > arriving.length) {
      // Only the head was there; now its frame can be made room for.
      this.#arriving = Buffer.allocUnsafe(size);
      arriving.copy(this.#arriving);
      return true;
    }
    this.#arriving = undefined;
    this.#arrivedBytes = 0;
    return this.#consume(readItem(arriving, 0, size));
  }

  #announced(stream: Buffer, at: number): number {
    const size = stream.readUInt32BE(at);
    if (size === AMQP_MAGIC) return HEADER_BYTES;
    if (size < FRAME_HEAD_BYTES || size > this.frameBytesMax) {
      throw new DecodeError(`a frame of ${size} bytes, where ${this.frameBytesMax} are allowed`);
    }
    return size;
  }
}

function readItem(stream: Buffer, at: number, end: number): Frame | ProtocolHeader {
  if (stream.readUInt32BE(at) === AMQP_MAGIC) {
    const versionKnown = stream.readUIntBE(at + 5, 3) === 0x010000;
    return { kind: "header", protocol: stream.readUInt8(at + 4), versionKnown };
  }
  return readFrame(stream.subarray(at, end));
}

function readFrame(bytes: Buffer): Frame {
  const dataAt = bytes.readUInt8(4) * 4;
  const typeCode = bytes.readUInt8(5);
  if (dataAt < FRAME_HEAD_BYTES || dataAt > bytes.length || typeCode > 1) {
    throw new DecodeError("malformed frame header");
  }
  const type = typeCode === 0 ? "amqp" : "sasl";
  const channel = bytes.readUInt16BE(6);
  if (dataAt === bytes.length) {
    return {
      kind: "frame",
      type,
      channel,
      code: undefined,
      bytes,
      listAt: dataAt,
      payloadAt: dataAt,
    };
  }
  const { code, listAt } = readDescriptor(bytes, dataAt);
  const kind = bytes[listAt];
  if (kind !== 0xc0 && kind !== 0xd0 && kind !== 0x45) {
    throw new DecodeError("the performative is not a list");
  }
  const payloadAt = skipValue(bytes, listAt, bytes.length);
  if (payloadAt !== bytes.length && code !== TRANSFER) {
    throw new DecodeError("bytes after the performative");
  }
  return { kind: "frame", type, channel, code, bytes, listAt, payloadAt };
}

function readDescriptor(bytes: Buffer, at: number): { code: number; listAt: number } {
  const listAt = bytes[at] === 0x00 ? skipValue(bytes, at + 1, bytes.length) : -1;
  const kind = bytes[at + 1];
  if (listAt > 0 && kind === 0x53) return { code: bytes.readUInt8(at + 2), listAt };
  if (listAt > 0 && kind === 0x80 && bytes.readUInt32BE(at + 2) === 0) {
    return { code: bytes.readUInt32BE(at + 6), listAt };
  }
  throw new DecodeError("the frame holds no performative");
}
