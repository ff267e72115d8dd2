/**
 * What a subscriber with a persistent session has not acknowledged, bounded in number and bytes.
 * Beyond that the oldest goes: someone who was away for long wants the newest alarms.
 */
import type { AedesPublishPacket } from "aedes";

/** A PUBREL takes the place of its PUBLISH in the second half of QoS 2. */
export type Outgoing = AedesPublishPacket;

export class OutgoingQueue {
  readonly #packets: Outgoing[] = [];
  readonly #packetsMax: number;
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(packetsMax: number, bytesMax: number) {
    this.#packetsMax = packetsMax;
    this.#bytesMax = bytesMax;
  }

  get packets(): readonly Outgoing[] {
    return this.#packets;
  }

  /** Gives the number of packets that had to go. */
  push(packet: Outgoing): number {
    this.#packets.push(packet);
    this.#bytes += sizeOf(packet);
    let dropped = 0;
    while (this.#packets.length > this.#packetsMax || this.#bytes > this.#bytesMax) {
      this.#removeAt(0);
      dropped += 1;
    }
    return dropped;
  }

  /** Notes the packet id under which a packet goes out, or that it became a PUBREL. */
  update(packet: Outgoing): void {
    for (const [i, queued] of this.#packets.entries()) {
      if (queued.brokerId === packet.brokerId && queued.brokerCounter === packet.brokerCounter) {
        if (packet.messageId !== undefined) queued.messageId = packet.messageId;
        return;
      }
      if (queued.brokerId !== packet.brokerId && queued.messageId === packet.messageId) {
        this.#bytes += sizeOf(packet) - sizeOf(queued);
        this.#packets[i] = packet;
        return;
      }
    }
  }

  /** Takes out what was acknowledged. */
  acknowledge(messageId: number | undefined): Outgoing | undefined {
    if (messageId === undefined) return undefined;
    const at = this.#packets.findIndex((packet) => packet.messageId === messageId);
    return at < 0 ? undefined : this.#removeAt(at);
  }

  #removeAt(at: number): Outgoing | undefined {
    const [removed] = this.#packets.splice(at, 1);
    if (removed) this.#bytes -= sizeOf(removed);
    return removed;
  }
}

/** A PUBREL has neither topic nor payload, whatever the types say. */
function sizeOf(packet: Partial<Outgoing>): number {
  return (packet.topic?.length ?? 0) + (packet.payload?.length ?? 0);
}
