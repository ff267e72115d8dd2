/**
 * Stands between the client of modbus-serial and one of its ports, speaking the port's contract on
 * both sides, and lets only the answer to the waiting request through. Invariants:
 *
 * - Where the protocol has transaction ids (TCP), they count through all 16 bits. The library's own
 *   count to 256, and at 700 requests a second they come round sooner than a slow answer does.
 * - Where it has none (RTU, ASCII), a frame that is broken is noise on the wire, not an answer; and
 *   what waits in the port's buffer is thrown away before each request.
 * - The client sees one transaction id only, so its table of transactions stays at one entry.
 */
// The names of the port's contract are the library's:
// oxlint-disable no-underscore-dangle
import { EventEmitter } from "node:events";
import crc16 from "modbus-serial/utils/crc16.js";
import type { FrameListener } from "./link.ts";
import { checkReply, type ExpectedReply, expectedReply, type ReplyVerdict } from "./reply-check.ts";

const TRANSACTION_IDS = 0x1_0000;
const CLIENT_TRANSACTION = 1;

export interface PortListener {
  /** A frame came that answers nothing that waits: late, broken, or meant for another. */
  stray(unit: number | undefined): void;
  /** The waiting request was answered with a frame whose lengths lie. */
  malformed(): void;
}

/** What the ports of modbus-serial have in common, as far as it is used here. */
export interface LibraryPort extends EventEmitter {
  readonly isOpen: boolean;
  _transactionIdRead: number;
  _transactionIdWrite: number;
  open(callback: (error?: Error | null) => void): void;
  write(frame: Buffer): void;
}

export interface GuardedPortOptions {
  /** True where each answer carries its request's transaction id. */
  hasTransactions: boolean;
  /** Throws away what the port has buffered. */
  flush: () => void;
}

export class GuardedPort extends EventEmitter {
  // Read and written by the client, under these names.
  _transactionIdRead = CLIENT_TRANSACTION;
  _transactionIdWrite = CLIENT_TRANSACTION;
  /** Told of the frames of the request that waits. */
  onFrame: FrameListener | undefined;
  readonly #port: LibraryPort;
  readonly #options: GuardedPortOptions;
  readonly #listener: PortListener;
  #transactionId = 0;
  #requests = 0;
  #waiting: ExpectedReply | undefined;

  constructor(port: LibraryPort, options: GuardedPortOptions, listener: PortListener) {
    super();
    this.#port = port;
    this.#options = options;
    this.#listener = listener;
    port.on("data", (frame: Uint8Array) => this.#receive(frame));
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  /** All ids were used on this connection: from now on a very late answer could be mistaken. */
  get isUsedUp(): boolean {
    return this.#options.hasTransactions && this.#requests >= TRANSACTION_IDS - 1;
  }

  /** The port was opened before it was guarded. */
  open(callback: (error?: Error | null) => void): void {
    callback();
  }

  write(frame: Buffer): void {
    this.#options.flush();
    this.#waiting = expectedReply(frame);
    this.#requests += 1;
    this.#transactionId = (this.#transactionId + 1) % TRANSACTION_IDS;
    this._transactionIdWrite = CLIENT_TRANSACTION;
    this.#port._transactionIdWrite = this.#transactionId;
    this.#show("sent", frame);
    this.#port.write(frame);
  }

  /** The request was given up: whatever comes for it now is stray. */
  giveUp(): void {
    this.#waiting = undefined;
    this.onFrame = undefined;
  }

  /** The library ends every frame with a CRC; with transactions there is none on the wire. */
  #show(direction: "sent" | "received", frame: Uint8Array): void {
    this.onFrame?.(direction, this.#options.hasTransactions ? frame.subarray(0, -2) : frame);
  }

  #receive(frame: Uint8Array): void {
    this.#show("received", frame);
    const verdict = this.#judge(frame);
    if (verdict === "foreign") return this.#listener.stray(frame[0]);
    this.#waiting = undefined;
    if (verdict === "malformed") return this.#listener.malformed();
    this._transactionIdRead = CLIENT_TRANSACTION;
    this.emit("data", frame);
  }

  #judge(frame: Uint8Array): ReplyVerdict {
    if (!this.#waiting) return "foreign";
    if (!this.#options.hasTransactions) {
      const isAnswer = hasGoodCrc(frame) && checkReply(this.#waiting, frame) === "answer";
      return isAnswer ? "answer" : "foreign";
    }
    if (this.#port._transactionIdRead !== this.#transactionId) return "foreign";
    return checkReply(this.#waiting, frame);
  }
}

function hasGoodCrc(frame: Uint8Array): boolean {
  const low = frame.at(-2) ?? 0;
  const high = frame.at(-1) ?? 0;
  return frame.length > 2 && crc16(frame.subarray(0, -2)) === ((high << 8) | low);
}
