/**
 * Gathers a reader's transfer frames into slabs that go to the socket whole: one copy from the log's
 * buffer, no encoding. Large payloads are not even copied: they go out from where they lie, which for
 * a reader that does not read keeps the groups around at most a turn's bytes in memory.
 */
import {
  FIRST_HEAD_BYTES,
  NEXT_HEAD_BYTES,
  type OutgoingFrame,
  writeFirstHead,
  writeNextHead,
} from "../amqp/transfer.ts";
import type { LinkSession } from "./link.ts";

const FIRST_SLAB_BYTES = 4 * 1024;
const SLAB_BYTES = 64 * 1024;
/** From this size on, a payload goes to the socket as it lies in the log's buffer, uncopied. */
const DIRECT_BYTES_MIN = 4 * 1024;

/** Frames that a delivery of so many bytes takes. */
export function frameCount(byteCount: number, frameBytesMax: number): number {
  const beyondFirst = byteCount - (frameBytesMax - FIRST_HEAD_BYTES);
  return beyondFirst <= 0 ? 1 : 1 + Math.ceil(beyondFirst / (frameBytesMax - NEXT_HEAD_BYTES));
}

export class TransferWriter {
  readonly #session: LinkSession;
  readonly #handle: number;
  #slab: Buffer | undefined;
  #at = 0;
  /** What lies before was handed to the socket. */
  #from = 0;
  /** Bytes written so far. */
  bytes = 0;

  constructor(session: LinkSession, handle: number) {
    this.#session = session;
    this.#handle = handle;
  }

  /** Writes one delivery, cut into frames that the client takes. */
  write(source: Buffer, start: number, end: number): void {
    const { connection, channel } = this.#session;
    const deliveryId = this.#session.nextDeliveryId();
    let at = start;
    let frames = 0;
    do {
      const headBytes = frames === 0 ? FIRST_HEAD_BYTES : NEXT_HEAD_BYTES;
      const payloadBytes = Math.min(end - at, connection.frameBytesMax - headBytes);
      const more = at + payloadBytes < end;
      const frame = { channel, handle: this.#handle, deliveryId, payloadBytes, more };
      this.#frame(frame, frames === 0, source, at);
      at += payloadBytes;
      frames += 1;
    } while (at < end);
    this.#session.countSent(frames);
  }

  #frame(frame: OutgoingFrame, isFirst: boolean, source: Buffer, from: number): void {
    const headBytes = isFirst ? FIRST_HEAD_BYTES : NEXT_HEAD_BYTES;
    const isDirect = frame.payloadBytes >= DIRECT_BYTES_MIN;
    const slab = this.#room(isDirect ? headBytes : headBytes + frame.payloadBytes);
    const write = isFirst ? writeFirstHead : writeNextHead;
    this.#at = write(slab, this.#at, frame);
    this.bytes += headBytes + frame.payloadBytes;
    if (isDirect) {
      this.#hand();
      this.#session.connection.write(source.subarray(from, from + frame.payloadBytes));
    } else {
      this.#at += source.copy(slab, this.#at, from, from + frame.payloadBytes);
    }
  }

  #room(byteCount: number): Buffer {
    if (this.#slab && this.#at + byteCount <= this.#slab.length) return this.#slab;
    this.flush();
    // A reader that keeps up sends a few events at a time; a whole slab would be mostly waste.
    const slabBytes = this.bytes === 0 ? FIRST_SLAB_BYTES : SLAB_BYTES;
    this.#slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, byteCount));
    return this.#slab;
  }

  /** Hands what was gathered to the socket. */
  flush(): void {
    this.#hand();
    this.#slab = undefined;
    this.#at = 0;
    this.#from = 0;
  }

  #hand(): void {
    if (!this.#slab || this.#at === this.#from) return;
    this.#session.connection.write(this.#slab.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }
}
