/** Retained messages, bounded in number and bytes: beyond that nothing new is retained. */
import type { PublishPacket } from "aedes";
import { filterMatches } from "./topic-filter.ts";

export interface RetainedLimits {
  messagesMax: number;
  bytesMax: number;
}

export class RetainedMessages {
  /** Messages that were passed on, but not retained. */
  refused = 0;
  readonly #limits: RetainedLimits;
  readonly #messages = new Map<string, PublishPacket>();
  #bytes = 0;

  constructor(limits: RetainedLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#messages.size;
  }

  /** An empty payload deletes what is retained [MQTT-3.3.1-10]. */
  store(packet: PublishPacket): void {
    const { topic } = packet;
    const old = this.#messages.get(topic);
    if (old) {
      this.#messages.delete(topic);
      this.#bytes -= sizeOf(old);
    }
    if (packet.payload.length === 0) return;
    const { messagesMax, bytesMax } = this.#limits;
    if (this.#messages.size >= messagesMax || this.#bytes + sizeOf(packet) > bytesMax) {
      this.refused += 1;
      return;
    }
    // A copy: the payload may be a slice of a far larger read, which would stay in memory with it.
    const payload = Buffer.from(packet.payload);
    this.#messages.set(topic, { ...packet, payload });
    this.#bytes += sizeOf(packet);
  }

  /** Those that one of the filters matches; each once a filter. */
  *matching(filters: readonly string[]): Generator<PublishPacket, void, void> {
    for (const filter of filters) {
      const levels = filter.split("/");
      for (const packet of this.#messages.values()) {
        if (filterMatches(levels, packet.topic.split("/"))) yield packet;
      }
    }
  }
}

function sizeOf(packet: PublishPacket): number {
  return packet.topic.length + packet.payload.length;
}
