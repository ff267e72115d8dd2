/**
 * The messages of one connection that are not acknowledged yet, oldest first. Bounded: a full
 * window stops its devices from producing. A message keeps its bytes, so that a repeat is
 * recognised by whoever received the first copy.
 */
import type { SentMessage } from "../ledger/contract.ts";

/** Byte 0 of a PUBLISH: the third bit marks a repeat (MQTT 3.1.1, section 3.3.1.1). */
const DUP_FLAG = 0x08;
const PACKET_IDS = 65_535;

export interface Outgoing {
  readonly id: number;
  readonly packet: Buffer;
  readonly message: SentMessage;
  /** Handed to a socket at least once: it may have arrived. */
  isWritten: boolean;
}

export class Window {
  readonly #messagesMax: number;
  readonly #byId = new Map<number, Outgoing>();
  #lastId = 0;

  /** `messagesMax` is at most 65,535: MQTT has no more packet identifiers. */
  constructor(messagesMax: number) {
    this.#messagesMax = Math.min(messagesMax, PACKET_IDS);
  }

  get size(): number {
    return this.#byId.size;
  }

  get isFull(): boolean {
    return this.#byId.size >= this.#messagesMax;
  }

  /** A packet identifier that no unacknowledged message uses. The window must not be full. */
  nextId(): number {
    do {
      this.#lastId = (this.#lastId % PACKET_IDS) + 1;
    } while (this.#byId.has(this.#lastId));
    return this.#lastId;
  }

  add(outgoing: Outgoing): void {
    this.#byId.set(outgoing.id, outgoing);
  }

  /** Takes the acknowledged message out; undefined where no written one has that identifier. */
  acknowledge(id: number): Outgoing | undefined {
    const outgoing = this.#byId.get(id);
    if (!outgoing?.isWritten) return undefined;
    this.#byId.delete(id);
    return outgoing;
  }

  /** In the order in which they were produced. */
  all(): IterableIterator<Outgoing> {
    return this.#byId.values();
  }
}

/** Marks the message as a repeat; all its other bytes stay. */
export function markRepeated(outgoing: Outgoing): void {
  outgoing.packet[0] = (outgoing.packet[0] ?? 0) | DUP_FLAG;
}
