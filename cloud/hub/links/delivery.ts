/**
 * Puts the frames of one delivery together. A delivery that grows beyond the limit is dropped while
 * it arrives; its last frame then reports it as too large. What the links of one connection gather
 * is bounded together: each alone may hold a whole message.
 */
import type { Transfer } from "../amqp/transfer.ts";
import { DecodeError } from "../amqp/walk.ts";

export interface Delivery {
  deliveryId: number;
  messageFormat: number;
  settled: boolean;
  isTransactional: boolean;
  /** All bytes announced by the frames; `bytes` is empty when they are too many. */
  byteCount: number;
  isTooLarge: boolean;
  bytes: Buffer;
}

/** Twice what a client with the smallest legal frames needs for the largest message. */
const FRAMES_MAX = 4096;

/** Bytes of deliveries whose last frame is still to come, over all links of a connection. */
export class UnfinishedBytes {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Throws `DecodeError` when they become too many, which ends the connection. */
  add(byteCount: number): void {
    this.#bytes += byteCount;
    if (this.#bytes > this.#bytesMax) {
      throw new DecodeError(`unfinished deliveries of more than ${this.#bytesMax} bytes`);
    }
  }

  subtract(byteCount: number): void {
    this.#bytes -= byteCount;
  }
}

export class DeliveryAssembler {
  readonly #bytesMax: number;
  readonly #unfinished: UnfinishedBytes;
  #first: Transfer | undefined;
  #settled = false;
  #parts: Buffer[] = [];
  #keptBytes = 0;
  #byteCount = 0;
  #frames = 0;

  constructor(bytesMax: number, unfinished: UnfinishedBytes) {
    this.#bytesMax = bytesMax;
    this.#unfinished = unfinished;
  }

  /** The delivery, when this was its last frame. */
  add(transfer: Transfer, payload: Buffer): Delivery | undefined {
    const first = (this.#first ??= transfer);
    if (transfer.aborted) {
      this.drop();
      return undefined;
    }
    this.#settled ||= transfer.settled;
    this.#byteCount += payload.length;
    this.#frames += 1;
    const isTooLarge = this.#byteCount > this.#bytesMax || this.#frames > FRAMES_MAX;
    if (isTooLarge) this.#dropParts();
    else if (transfer.more) this.#keep(payload);
    if (transfer.more) return undefined;
    const delivery: Delivery = {
      deliveryId: first.deliveryId ?? 0,
      messageFormat: first.messageFormat,
      settled: this.#settled,
      isTransactional: first.isTransactional,
      byteCount: this.#byteCount,
      isTooLarge,
      bytes: isTooLarge ? Buffer.alloc(0) : this.#joined(payload),
    };
    this.drop();
    return delivery;
  }

  #keep(payload: Buffer): void {
    this.#unfinished.add(payload.length);
    this.#keptBytes += payload.length;
    // A small part of a large read would keep all of the read in memory.
    const isSmallPart = payload.length * 2 < payload.buffer.byteLength;
    this.#parts.push(isSmallPart ? Buffer.from(payload) : payload);
  }

  #joined(last: Buffer): Buffer {
    return this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
  }

  /** Forgets the delivery that is arriving: it was aborted, or its link is gone. */
  drop(): void {
    this.#dropParts();
    this.#first = undefined;
    this.#settled = false;
    this.#byteCount = 0;
    this.#frames = 0;
  }

  #dropParts(): void {
    this.#unfinished.subtract(this.#keptBytes);
    this.#keptBytes = 0;
    this.#parts = [];
  }
}
