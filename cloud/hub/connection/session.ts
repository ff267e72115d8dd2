/**
 * One AMQP session (AMQP 1.0 part 2, section 2.5): windows in both directions, delivery numbers and
 * the handles of its links.
 *
 * Invariants: the client's incoming window is never overrun; the number of links is bounded by
 * HANDLE_MAX; confirmations that follow each other within a tick leave as one range.
 */

import type { Typed } from "../amqp/codec.ts";
import type { Frame } from "../amqp/frame-reader.ts";
import {
  type AmqpError,
  type AttachAnswer,
  acceptedFrame,
  attachFrame,
  beginFrame,
  detachFrame,
  flowFrame,
  type LinkCredit,
  rejectedFrame,
  type SessionWindow,
} from "../amqp/frames.ts";
import { type Begin, readAttach, readDetach, readFlow } from "../amqp/performatives.ts";
import { readTransfer } from "../amqp/transfer.ts";
import { DecodeError } from "../amqp/walk.ts";
import type { Link, LinkConnection, LinkOpener, LinkSession } from "../links/link.ts";

const HANDLE_MAX = 255;
const INCOMING_WINDOW = 5000;
const OUTGOING_WINDOW = 5000;

/** AMQP's transfer and delivery numbers wrap at 32 bits (RFC 1982). */
function difference(a: number, b: number): number {
  return (a - b) | 0;
}

export class Session implements LinkSession {
  readonly channel: number;
  readonly connection: LinkConnection;
  readonly #openLink: LinkOpener;
  readonly #links = new Map<number, Link>();
  /** Handles whose detach we have sent; the client's own is still to come. */
  readonly #detaching = new Set<number>();
  #nextIncomingId: number;
  #incomingLeft = INCOMING_WINDOW;
  #nextOutgoingId = 0;
  #clientWindow: number;
  #nextDeliveryId = 0;
  #accepted: { first: number; last: number } | undefined;

  constructor(channel: number, connection: LinkConnection, openLink: LinkOpener, begin: Begin) {
    this.channel = channel;
    this.connection = connection;
    this.#openLink = openLink;
    this.#nextIncomingId = begin.nextOutgoingId;
    this.#clientWindow = begin.incomingWindow;
  }

  /** Answers the client's begin. */
  begin(): void {
    this.connection.write(
      beginFrame(this.channel, {
        remoteChannel: this.channel,
        nextOutgoingId: this.#nextOutgoingId,
        incomingWindow: INCOMING_WINDOW,
        outgoingWindow: OUTGOING_WINDOW,
        handleMax: HANDLE_MAX,
      }),
    );
  }

  /** Every link is gone: the session or the connection has ended. */
  ended(): void {
    const links = [...this.#links.values()];
    this.#links.clear();
    for (const link of links) link.ended();
  }

  links(): Iterable<Link> {
    return this.#links.values();
  }

  attach(fields: readonly Typed[]): void {
    const attach = readAttach(fields);
    if (attach.handle > HANDLE_MAX || this.#links.has(attach.handle)) {
      throw new DecodeError(`handle ${attach.handle} is in use, or above ${HANDLE_MAX}`);
    }
    const link = this.#openLink(this, attach);
    if (link) this.#links.set(attach.handle, link);
    else this.#detaching.add(attach.handle);
  }

  flow(fields: readonly Typed[]): void {
    const flow = readFlow(fields);
    const before = this.#clientWindow;
    // A window is a number of 32 bits, and ids wrap there: only what is under way may be taken off.
    const underWay = Math.min(difference(flow.nextIncomingId ?? 0, this.#nextOutgoingId), 0);
    this.#clientWindow = flow.incomingWindow + underWay;
    if (flow.handle !== undefined) this.#links.get(flow.handle)?.flow(flow);
    else if (flow.echo) this.connection.write(flowFrame(this.channel, this.#window()));
    // The window is the session's: whichever link's flow has widened it, others may wait for it.
    if (this.#clientWindow > before || flow.handle === undefined) this.#pump();
  }

  #pump(): void {
    for (const link of this.#links.values()) link.pump();
  }

  transfer(frame: Frame): void {
    const transfer = readTransfer(frame.bytes, frame.listAt, frame.payloadAt);
    this.#nextIncomingId = (this.#nextIncomingId + 1) >>> 0;
    this.#incomingLeft -= 1;
    if (this.#incomingLeft < INCOMING_WINDOW / 2) {
      this.#incomingLeft = INCOMING_WINDOW;
      this.connection.write(flowFrame(this.channel, this.#window()));
    }
    // Transfers that were under way when we detached the link fall to the floor, as section 2.6.6 has it.
    this.#links.get(transfer.handle)?.receive(transfer, frame.bytes.subarray(frame.payloadAt));
  }

  detached(fields: readonly Typed[]): void {
    const { handle } = readDetach(fields);
    if (this.#detaching.delete(handle)) return;
    const link = this.#links.get(handle);
    if (!link) return;
    this.#links.delete(handle);
    link.ended();
    this.connection.write(detachFrame(this.channel, handle));
  }

  #window(): SessionWindow {
    return {
      nextIncomingId: this.#nextIncomingId,
      incomingWindow: this.#incomingLeft,
      nextOutgoingId: this.#nextOutgoingId,
      outgoingWindow: OUTGOING_WINDOW,
    };
  }

  answerAttach(answer: AttachAnswer): void {
    this.connection.write(attachFrame(this.channel, answer));
  }

  grantCredit(credit: LinkCredit): void {
    this.connection.write(flowFrame(this.channel, this.#window(), credit));
  }

  accept(deliveryId: number): void {
    if (this.#accepted && deliveryId === (this.#accepted.last + 1) >>> 0) {
      this.#accepted.last = deliveryId;
      return;
    }
    if (this.#accepted) this.#sendAccepted();
    else queueMicrotask(() => this.#sendAccepted());
    this.#accepted = { first: deliveryId, last: deliveryId };
  }

  #sendAccepted(): void {
    const accepted = this.#accepted;
    this.#accepted = undefined;
    if (accepted) {
      this.connection.write(acceptedFrame(this.channel, accepted.first, accepted.last));
    }
  }

  reject(deliveryId: number, error: AmqpError): void {
    this.connection.write(rejectedFrame(this.channel, deliveryId, error));
  }

  detach(link: Link, error?: AmqpError): void {
    if (this.#links.get(link.handle) !== link) return;
    this.#links.delete(link.handle);
    this.#detaching.add(link.handle);
    this.connection.write(detachFrame(this.channel, link.handle, error));
    link.ended();
  }

  get transferRoom(): number {
    return this.#clientWindow;
  }

  nextDeliveryId(): number {
    const id = this.#nextDeliveryId;
    this.#nextDeliveryId = (id + 1) >>> 0;
    return id;
  }

  countSent(transfers: number): void {
    this.#nextOutgoingId = (this.#nextOutgoingId + transfers) >>> 0;
    this.#clientWindow -= transfers;
  }
}
