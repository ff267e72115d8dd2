/**
 * Stands between the client of modbus-serial and one of its ports, speaking the port's contract on
 * both sides, and lets only the answer to the waiting request through. Invariants:
 *
 * - Transaction ids count through all 16 bits. The library's own count to 256, and at 700 requests
 *   a second they come round in less time than a slow answer takes.
 * - The client sees one transaction id only, so its table of transactions stays at one entry.
 */
// The names of the port's contract are the library's:
// oxlint-disable no-underscore-dangle
import { EventEmitter } from "node:events";
import { checkReply, type ExpectedReply, expectedReply } from "./reply-check.ts";

const TRANSACTION_IDS = 0x1_0000;
const CLIENT_TRANSACTION = 1;

export interface PortListener {
  /** A frame came that answers nothing that waits: late, or meant for another. */
  stray(unit: number | undefined): void;
  /** The waiting request was answered with a frame whose lengths lie. */
  malformed(): void;
}

/** What the ports of modbus-serial have in common, as far as it is used here. */
export interface WirePort extends EventEmitter {
  readonly isOpen: boolean;
  _transactionIdRead: number;
  _transactionIdWrite: number;
  open(callback: (error?: Error) => void): void;
  write(frame: Buffer): void;
}

export class GuardedPort extends EventEmitter {
  // Read and written by the client, under these names.
  _transactionIdRead = CLIENT_TRANSACTION;
  _transactionIdWrite = CLIENT_TRANSACTION;
  readonly #port: WirePort;
  readonly #listener: PortListener;
  #transactionId = 0;
  #requests = 0;
  #waiting: ExpectedReply | undefined;

  constructor(port: WirePort, listener: PortListener) {
    super();
    this.#port = port;
    this.#listener = listener;
    port.on("data", (frame: Uint8Array) => this.#receive(frame));
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  /** All ids were used on this connection: from now on a very late answer could be mistaken. */
  get isUsedUp(): boolean {
    return this.#requests >= TRANSACTION_IDS - 1;
  }

  open(callback: (error?: Error) => void): void {
    this.#port.open(callback);
  }

  write(frame: Buffer): void {
    this.#waiting = expectedReply(frame);
    this.#requests += 1;
    this.#transactionId = (this.#transactionId + 1) % TRANSACTION_IDS;
    this._transactionIdWrite = CLIENT_TRANSACTION;
    this.#port._transactionIdWrite = this.#transactionId;
    this.#port.write(frame);
  }

  /** The request was given up: whatever comes for it now is stray. */
  giveUp(): void {
    this.#waiting = undefined;
  }

  #receive(frame: Uint8Array): void {
    const isInTurn = this.#port._transactionIdRead === this.#transactionId;
    const verdict =
      this.#waiting && isInTurn ? checkReply(this.#waiting, frame) : ("foreign" as const);
    if (verdict === "foreign") return this.#listener.stray(frame[0]);
    this.#waiting = undefined;
    if (verdict === "malformed") return this.#listener.malformed();
    this._transactionIdRead = CLIENT_TRANSACTION;
    this.emit("data", frame);
  }
}
