/**
 * What the MQTT library keeps between packets and connections, in memory and bounded: its own store
 * keeps everything for ever. All methods are the library's persistence interface (aedes-persistence
 * 11); what a restart forgets is subscriptions and messages to subscribers, never a reading.
 */
import { Readable } from "node:stream";
import type { AedesPublishPacket, Client, PublishPacket, Subscription } from "aedes";
import { PenstockError } from "#core/errors.ts";
import { InboundQos2 } from "./inbound-qos2.ts";
import { type Outgoing, OutgoingQueue } from "./outgoing-queue.ts";
import { RetainedMessages } from "./retained-messages.ts";
import { type FilterLevels, filterMatches } from "./topic-filter.ts";

const RETAINED_LIMITS = { messagesMax: 5000, bytesMax: 1024 * 1024 };

/** Persistent sessions that subscribe to something; of devices that only publish nothing is kept. */
const SESSIONS_MAX = 200;
const QUEUE_PACKETS_MAX = 1000;
const QUEUE_BYTES_MAX = 1024 * 1024;

interface StoredSubscription {
  subscription: Subscription;
  levels: FilterLevels;
}

interface Session {
  subscriptions: Map<string, StoredSubscription>;
  queue: OutgoingQueue;
}

export class SessionStore {
  readonly inbound = new InboundQos2();
  readonly retained = new RetainedMessages(RETAINED_LIMITS);
  readonly #mayKeep: (client: Client, filter: string) => boolean;
  /** Messages to subscribers that were away for too long, or did not acknowledge. */
  queuedDropped = 0;
  readonly #sessions = new Map<string, Session>();
  readonly #wills = new Map<string, PublishPacket>();

  /** `mayKeep`: the library hands over all subscriptions of a packet, refused ones too. */
  constructor(mayKeep: (client: Client, filter: string) => boolean) {
    this.#mayKeep = mayKeep;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  async setup(): Promise<void> {}

  async storeRetained(packet: PublishPacket): Promise<void> {
    this.retained.store(packet);
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    return Readable.from(this.retained.matching(filters));
  }

  async addSubscriptions(client: Client, subscriptions: readonly Subscription[]): Promise<void> {
    let session = this.#sessions.get(client.id);
    if (!session) {
      if (this.#sessions.size >= SESSIONS_MAX) {
        throw new PenstockError("MQTT_DENIED", `more than ${SESSIONS_MAX} persistent sessions`);
      }
      const queue = new OutgoingQueue(QUEUE_PACKETS_MAX, QUEUE_BYTES_MAX);
      session = { subscriptions: new Map(), queue };
      this.#sessions.set(client.id, session);
    }
    for (const subscription of subscriptions) {
      const { topic } = subscription;
      if (!this.#mayKeep(client, topic)) continue;
      session.subscriptions.set(topic, { subscription, levels: topic.split("/") });
    }
  }

  async removeSubscriptions(client: Client, filters: readonly string[]): Promise<void> {
    const session = this.#sessions.get(client.id);
    for (const filter of filters) session?.subscriptions.delete(filter);
    if (session?.subscriptions.size === 0) this.#sessions.delete(client.id);
  }

  async subscriptionsByClient(client: Client): Promise<Subscription[]> {
    const stored = this.#sessions.get(client.id)?.subscriptions.values() ?? [];
    return [...stored].map(({ subscription }) => subscription);
  }

  /** Of persistent sessions, and with QoS 1 or 2: those for which messages are queued. */
  async subscriptionsByTopic(topic: string): Promise<Subscription[]> {
    const found: Subscription[] = [];
    if (this.#sessions.size === 0) return found;
    const levels = topic.split("/");
    for (const [clientId, { subscriptions }] of this.#sessions) {
      for (const stored of subscriptions.values()) {
        if (stored.subscription.qos === 0 || !filterMatches(stored.levels, levels)) continue;
        found.push({ ...stored.subscription, clientId });
        break;
      }
    }
    return found;
  }

  async cleanSubscriptions(client: Client): Promise<void> {
    this.#sessions.delete(client.id);
  }

  async outgoingEnqueue(
    subscription: { clientId: string },
    packet: AedesPublishPacket,
  ): Promise<void> {
    const queue = this.#sessions.get(subscription.clientId)?.queue;
    // A copy: the packet id of one subscriber is none of the others'.
    if (queue) this.queuedDropped += queue.push({ ...packet });
  }

  async outgoingEnqueueCombi(
    subscriptions: readonly { clientId: string }[],
    packet: AedesPublishPacket,
  ): Promise<void> {
    for (const subscription of subscriptions) await this.outgoingEnqueue(subscription, packet);
  }

  async outgoingUpdate(client: Client, packet: Outgoing): Promise<void> {
    this.#sessions.get(client.id)?.queue.update(packet);
  }

  async outgoingClearMessageId(
    client: Client,
    packet: { messageId?: number },
  ): Promise<Outgoing | undefined> {
    return this.#sessions.get(client.id)?.queue.acknowledge(packet.messageId);
  }

  outgoingStream(client: Client): Readable {
    return Readable.from([...(this.#sessions.get(client.id)?.queue.packets ?? [])]);
  }

  async incomingStorePacket(client: Client, packet: PublishPacket): Promise<void> {
    this.inbound.mark(client.id, packet.messageId ?? 0, "published");
  }

  /** Rejects for a packet that the library has not passed on yet. */
  async incomingGetPacket(client: Client, packet: PublishPacket): Promise<PublishPacket> {
    if (this.inbound.isPublished(client.id, packet.messageId ?? 0)) return packet;
    throw NO_SUCH_PACKET;
  }

  async incomingDelPacket(client: Client, packet: { messageId?: number }): Promise<void> {
    this.inbound.release(client.id, packet.messageId ?? 0);
  }

  async cleanIncoming(client: Client): Promise<void> {
    this.inbound.forget(client.id);
  }

  async putWill(client: Client, packet: PublishPacket): Promise<void> {
    this.#wills.set(client.id, packet);
  }

  async delWill(client: Client): Promise<PublishPacket | undefined> {
    const will = this.#wills.get(client.id);
    this.#wills.delete(client.id);
    return will;
  }

  /** Wills of other brokers of a cluster: there are none. */
  streamWill(): Readable {
    return Readable.from([]);
  }
}

/** The ordinary answer for each new QoS 2 message: made once, without a stack. */
const NO_SUCH_PACKET = new PenstockError("PROGRAM_FAILED", "no such packet");
