/**
 * Takes messages that are too large out of what an outside broker sends, without ever holding them: the
 * library would buffer a whole packet first, up to 256 MB, and the broker would send it again after each
 * reconnection. Knows only fixed headers and the begin of a PUBLISH (MQTT 3.1.1, sections 2.2 and 3.3). Pure.
 */

export interface Oversize {
  topic: string;
  bytes: number;
  /** By which it is to be acknowledged; undefined with QoS 0. */
  messageId: number | undefined;
}

/** What an outside broker may send: a message with its topic. */
export const PACKET_BYTES_MAX = 1024 * 1024;

const PUBLISH = 3;
const LENGTH_BYTES_MAX = 4;
/** Of the topic's length, and of a packet id. */
const FIELD_BYTES = 2;
const NOTHING = Buffer.alloc(0);

export class OversizeFilter {
  readonly #bytesMax: number;
  readonly #onOversize: (message: Oversize) => void;
  /** Of the packet whose fixed header is being read, or whose body is being left out. */
  #header: number[] = [];
  #bodyBytes = 0;
  #bodyBytesLeft = 0;
  /** The begin of a body that is left out: its topic and packet id; undefined for one that is passed on. */
  #leftOut: Buffer | undefined;
  /** No MQTT any more: the library's parser says so. */
  #isLost = false;

  constructor(bytesMax: number, onOversize: (message: Oversize) => void) {
    this.#bytesMax = bytesMax;
    this.#onOversize = onOversize;
  }

  /** What of these bytes the library is to have. */
  pass(bytes: Buffer): Buffer {
    const kept: Buffer[] = [];
    let at = 0;
    while (at < bytes.length && !this.#isLost) {
      if (this.#bodyBytesLeft === 0) {
        kept.push(this.#readHeader(bytes[at] ?? 0));
        at += 1;
        continue;
      }
      const part = bytes.subarray(at, at + this.#bodyBytesLeft);
      this.#bodyBytesLeft -= part.length;
      at += part.length;
      if (this.#leftOut) this.#leaveOut(this.#leftOut, part);
      else kept.push(part);
    }
    return Buffer.concat([...kept, bytes.subarray(at)]);
  }

  /** Gives the header when it is complete, and its packet is to be passed on. */
  #readHeader(byte: number): Buffer {
    this.#header.push(byte);
    const lengthBytes = this.#header.length - 1;
    if (lengthBytes === 0) return NOTHING;
    this.#bodyBytes += (byte & 0x7f) * 128 ** (lengthBytes - 1);
    const isComplete = byte < 0x80;
    this.#isLost = !isComplete && lengthBytes === LENGTH_BYTES_MAX;
    if (!isComplete && !this.#isLost) return NOTHING;
    const header = Buffer.from(this.#header);
    if (this.#isLost) return header;
    this.#bodyBytesLeft = this.#bodyBytes;
    if (header.readUInt8() >> 4 === PUBLISH && this.#bodyBytes > this.#bytesMax) {
      this.#leftOut = NOTHING;
      return NOTHING;
    }
    this.#end();
    return header;
  }

  #leaveOut(begin: Buffer, part: Buffer): void {
    const topicBytes = begin.length < FIELD_BYTES ? 0xffff : begin.readUInt16BE();
    const missing = FIELD_BYTES + topicBytes + FIELD_BYTES - begin.length;
    const known = missing > 0 ? Buffer.concat([begin, part.subarray(0, missing)]) : begin;
    this.#leftOut = known;
    if (this.#bodyBytesLeft > 0) return;
    const topicEnd = FIELD_BYTES + known.readUInt16BE();
    const qos = ((this.#header[0] ?? 0) >> 1) & 3;
    const message: Oversize = {
      topic: known.toString("utf8", FIELD_BYTES, topicEnd),
      bytes: this.#bodyBytes,
      messageId:
        qos > 0 && known.length >= topicEnd + FIELD_BYTES
          ? known.readUInt16BE(topicEnd)
          : undefined,
    };
    this.#end();
    this.#onOversize(message);
  }

  #end(): void {
    this.#header = [];
    this.#bodyBytes = 0;
    this.#leftOut = undefined;
  }
}
