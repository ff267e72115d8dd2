/**
 * Client to hub: checks each delivery, gives it to the log, and confirms it after the sync.
 *
 * Invariants: an event that is refused is answered with a rejected disposition, never with a detach,
 * which would leave the SDK's other pending sends hanging until their time-out; an unconfirmed
 * delivery is at most one in the log.
 */
import type { Typed } from "../amqp/codec.ts";
import type { AmqpError } from "../amqp/frames.ts";
import {
  annotationText,
  type MessageShape,
  readBatchShape,
  readMessageShape,
} from "../amqp/message-sections.ts";
import type { Attach, Flow } from "../amqp/performatives.ts";
import { type Publication, readPublication } from "../amqp/publication.ts";
import type { Transfer } from "../amqp/transfer.ts";
import { DecodeError } from "../amqp/walk.ts";
import type { EventHub } from "../event-hub.ts";
import type { HubFaults } from "../faults.ts";
import type { HubCounters } from "../hub-counters.ts";
import { type Delivery, DeliveryAssembler } from "./delivery.ts";
import { IDEMPOTENT_PRODUCER, refusalOf } from "./idempotent-producer.ts";
import type { Link, LinkSession } from "./link.ts";

const BATCH_FORMAT = 0x80013700;
const PARTITION_KEY = "x-opt-partition-key";
const CREDIT = 1000;

export interface PublishLinkOptions {
  session: LinkSession;
  attach: Attach;
  hub: EventHub;
  /** Where all goes, or `undefined` when key or turn decide. */
  partition: number | undefined;
  messageBytesMax: number;
  counters: HubCounters;
  faults: HubFaults;
  /** Of an idempotent producer: what its attach is answered with. */
  idempotentProperties: Readonly<Record<string, Typed>> | undefined;
  /** The error with which the link ends once its token has run out. */
  claimError: (nowMs: number) => AmqpError | undefined;
}

interface Batch {
  partitionKey: string | undefined;
  messages: readonly MessageShape[];
}

export class PublishLink implements Link {
  readonly handle: number;
  readonly #options: PublishLinkOptions;
  readonly #assembler: DeliveryAssembler;
  #deliveryCount: number;
  #spent = 0;
  #hasEnded = false;

  constructor(options: PublishLinkOptions) {
    this.#options = options;
    this.handle = options.attach.handle;
    this.#deliveryCount = options.attach.initialDeliveryCount;
    const { unfinished } = options.session.connection;
    this.#assembler = new DeliveryAssembler(options.messageBytesMax, unfinished);
  }

  start(): void {
    const { session, attach, messageBytesMax, idempotentProperties } = this.#options;
    session.answerAttach({
      name: attach.name,
      handle: this.handle,
      hubReceives: true,
      presettled: false,
      source: attach.source?.typed ?? null,
      target: attach.target?.typed ?? null,
      messageBytesMax,
      offeredCapabilities: idempotentProperties ? [IDEMPOTENT_PRODUCER] : [],
      ...(idempotentProperties && { properties: idempotentProperties }),
    });
    this.#grant();
  }

  #grant(): void {
    this.#spent = 0;
    this.#options.session.grantCredit({
      handle: this.handle,
      deliveryCount: this.#deliveryCount,
      credit: CREDIT,
      drain: false,
    });
  }

  receive(transfer: Transfer, payload: Buffer): void {
    const delivery = this.#assembler.add(transfer, payload);
    // One that is aborted has cost its credit, too.
    if (!delivery && !transfer.aborted) return;
    this.#deliveryCount = (this.#deliveryCount + 1) >>> 0;
    this.#spent += 1;
    if (delivery) this.#store(delivery);
    if (this.#spent >= CREDIT / 4 && !this.#hasEnded) this.#grant();
  }

  #store(delivery: Delivery): void {
    const { hub, counters, faults, session } = this.#options;
    const batch = this.#read(delivery);
    if (!batch) return;
    const partition = this.#options.partition ?? hub.partitionFor(batch.partitionKey);
    const refusal = faults.refusal(partition);
    if (refusal) {
      faults.refuse(() => this.#reject(delivery, refusal));
      return;
    }
    const publication = this.#publication(delivery, batch, partition);
    if (publication === "answered") return;
    counters.eventsIn += batch.messages.length;
    counters.bytesIn += delivery.byteCount;
    hub.log.append({
      partition,
      source: delivery.bytes,
      messages: batch.messages,
      publication,
      done: (error) => {
        if (error && publication) hub.log.producers.abandon(partition, publication);
        if (error) this.#reject(delivery, serverBusy(error.message));
        else this.#confirm(delivery);
      },
    });
    if (hub.log.writer.isCongested) session.connection.pause();
  }

  /** What an idempotent producer says of the delivery, where it is to be stored. */
  #publication(
    delivery: Delivery,
    { messages }: Batch,
    partition: number,
  ): Publication | "answered" | undefined {
    const { hub, idempotentProperties } = this.#options;
    const [first] = messages;
    if (!idempotentProperties || !first) return undefined;
    const publication = readPublication(delivery.bytes, first, messages.length);
    const verdict = publication ? hub.log.producers.judge(partition, publication) : "unmarked";
    switch (verdict) {
      case "next":
        if (publication) hub.log.producers.begin(partition, publication);
        return publication;
      case "stored":
        this.#accept(delivery);
        break;
      default:
        this.#reject(delivery, refusalOf(verdict));
    }
    return "answered";
  }

  #read(delivery: Delivery): Batch | undefined {
    const { messageBytesMax } = this.#options;
    if (delivery.isTransactional) {
      const description = "The hub has no transactions, and none with this id.";
      this.#reject(delivery, { condition: "amqp:transaction:unknown-id", description });
      return undefined;
    }
    if (delivery.isTooLarge) {
      const description = `The received message (delivery-id:${delivery.deliveryId}, size:${delivery.byteCount} bytes) exceeds the limit (${messageBytesMax} bytes) currently allowed on the link.`;
      this.#reject(delivery, { condition: "amqp:link:message-size-exceeded", description });
      return undefined;
    }
    try {
      const batch = readBatch(delivery);
      if (batch.messages.length > 0) return batch;
      this.#accept(delivery);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const description = `The message could not be decoded: ${error.message}`;
      this.#reject(delivery, { condition: "amqp:decode-error", description });
    }
    return undefined;
  }

  #confirm(delivery: Delivery): void {
    const { faults, session } = this.#options;
    const fate = faults.takeFate();
    if (fate === "connection dropped") session.connection.drop();
    else if (fate === "sent") faults.confirm(() => this.#accept(delivery));
  }

  #accept(delivery: Delivery): void {
    if (!delivery.settled && !this.#hasEnded) this.#options.session.accept(delivery.deliveryId);
  }

  #reject(delivery: Delivery, error: AmqpError): void {
    this.#options.counters.rejected += 1;
    if (!delivery.settled && !this.#hasEnded) {
      this.#options.session.reject(delivery.deliveryId, error);
    }
  }

  flow(flow: Flow): void {
    if (flow.echo) this.#grant();
  }

  pump(): void {
    // Nothing is ever sent on this link.
  }

  checkClaim(nowMs: number): void {
    const error = this.#options.claimError(nowMs);
    if (error) this.detach(error);
  }

  detach(error: AmqpError): void {
    this.#options.session.detach(this, error);
  }

  ended(): void {
    this.#hasEnded = true;
    this.#assembler.drop();
  }
}

function readBatch({ bytes, messageFormat }: Delivery): Batch {
  if (messageFormat === BATCH_FORMAT) return readBatchShape(bytes);
  const shape = readMessageShape(bytes, 0, bytes.length);
  const partitionKey =
    shape.annotationsAt < 0
      ? undefined
      : annotationText(bytes, shape.annotationsAt, bytes.length, PARTITION_KEY);
  return { partitionKey, messages: [shape] };
}

function serverBusy(description: string): AmqpError {
  return { condition: "com.microsoft:server-busy", description };
}
