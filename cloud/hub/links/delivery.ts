/**
 * Puts the frames of one delivery together. A delivery that grows beyond the limit is dropped while
 * it arrives; its last frame then reports it as too large.
 */
import type { Transfer } from "../amqp/transfer.ts";

export interface Delivery {
  deliveryId: number;
  messageFormat: number;
  settled: boolean;
  /** All bytes announced by the frames; `bytes` is empty when they are too many. */
  byteCount: number;
  isTooLarge: boolean;
  bytes: Buffer;
}

/** Twice what a client with the smallest legal frames needs for the largest message. */
const FRAMES_MAX = 4096;

export class DeliveryAssembler {
  readonly #bytesMax: number;
  #first: Transfer | undefined;
  #settled = false;
  #parts: Buffer[] = [];
  #byteCount = 0;
  #frames = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The delivery, when this was its last frame. */
  add(transfer: Transfer, payload: Buffer): Delivery | undefined {
    const first = (this.#first ??= transfer);
    if (transfer.aborted) {
      this.#reset();
      return undefined;
    }
    this.#settled ||= transfer.settled;
    this.#byteCount += payload.length;
    this.#frames += 1;
    const isTooLarge = this.#byteCount > this.#bytesMax || this.#frames > FRAMES_MAX;
    if (isTooLarge) this.#parts = [];
    else if (transfer.more || this.#parts.length > 0) this.#parts.push(payload);
    if (transfer.more) return undefined;
    const delivery: Delivery = {
      deliveryId: first.deliveryId ?? 0,
      messageFormat: first.messageFormat,
      settled: this.#settled,
      byteCount: this.#byteCount,
      isTooLarge,
      bytes: isTooLarge ? Buffer.alloc(0) : this.#joined(payload),
    };
    this.#reset();
    return delivery;
  }

  #joined(last: Buffer): Buffer {
    return this.#parts.length === 0 ? last : Buffer.concat(this.#parts);
  }

  #reset(): void {
    this.#first = undefined;
    this.#settled = false;
    this.#parts = [];
    this.#byteCount = 0;
    this.#frames = 0;
  }
}
