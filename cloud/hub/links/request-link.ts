/**
 * Client to hub, for requests (`$cbs`, `$management`). The only messages that the hub decodes; they
 * are small, and walked first.
 */
import { decodeMessage } from "../amqp/codec.ts";
import type { AmqpError } from "../amqp/frames.ts";
import { readMessageShape } from "../amqp/message-sections.ts";
import type { Attach, Flow } from "../amqp/performatives.ts";
import type { Transfer } from "../amqp/transfer.ts";
import { DecodeError } from "../amqp/walk.ts";
import { type Delivery, DeliveryAssembler } from "./delivery.ts";
import type { Link, LinkSession } from "./link.ts";
import { ReplyLink } from "./reply-link.ts";

const REQUEST_BYTES_MAX = 64 * 1024;
const CREDIT = 100;

export interface Request {
  properties: Readonly<Record<string, unknown>>;
  /** The body's value: text or bytes where the client sent such. */
  body: unknown;
}

/** What goes back: parts of a message in rhea's form. */
export interface Answer {
  application_properties: Readonly<Record<string, unknown>>;
  body?: unknown;
}

export class RequestLink implements Link {
  readonly handle: number;
  readonly #session: LinkSession;
  readonly #node: string;
  readonly #answer: (request: Request) => Answer;
  readonly #assembler: DeliveryAssembler;
  #deliveryCount: number;

  constructor(
    session: LinkSession,
    attach: Attach,
    node: string,
    answer: (request: Request) => Answer,
  ) {
    this.#session = session;
    this.#node = node;
    this.#answer = answer;
    this.#assembler = new DeliveryAssembler(REQUEST_BYTES_MAX, session.connection.unfinished);
    this.handle = attach.handle;
    this.#deliveryCount = attach.initialDeliveryCount;
  }

  /** The attach is not kept: decoded, it may be many times as large as it came. */
  start(attach: Attach): void {
    this.#session.answerAttach({
      name: attach.name,
      handle: this.handle,
      hubReceives: true,
      presettled: false,
      source: attach.source?.typed ?? null,
      target: attach.target?.typed ?? null,
      messageBytesMax: REQUEST_BYTES_MAX,
      offeredCapabilities: [],
    });
    this.#grant();
  }

  #grant(): void {
    const { handle } = this;
    const deliveryCount = this.#deliveryCount;
    this.#session.grantCredit({ handle, deliveryCount, credit: CREDIT, drain: false });
  }

  receive(transfer: Transfer, payload: Buffer): void {
    const delivery = this.#assembler.add(transfer, payload);
    if (!delivery && !transfer.aborted) return;
    this.#deliveryCount = (this.#deliveryCount + 1) >>> 0;
    this.#grant();
    if (delivery) this.#take(delivery);
  }

  #take(delivery: Delivery): void {
    try {
      this.#handleRequest(delivery);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const description = `The request could not be decoded: ${error.message}`;
      this.#session.reject(delivery.deliveryId, { condition: "amqp:decode-error", description });
    }
  }

  #handleRequest(delivery: Delivery): void {
    if (delivery.isTooLarge) throw new DecodeError(`more than ${REQUEST_BYTES_MAX} bytes`);
    readMessageShape(delivery.bytes, 0, delivery.bytes.length);
    const message = decodeMessage(delivery.bytes);
    if (!delivery.settled) this.#session.accept(delivery.deliveryId);
    const properties = message["application_properties"];
    const answer = this.#answer({
      properties: typeof properties === "object" && properties !== null ? { ...properties } : {},
      body: contentOf(message["body"]),
    });
    this.#replyLink(message["reply_to"])?.send({
      ...answer,
      to: message["reply_to"],
      correlation_id: message["message_id"],
    });
  }

  /** The link that the request names, or any other that answers for this node. */
  #replyLink(replyTo: unknown): ReplyLink | undefined {
    let fallback: ReplyLink | undefined;
    for (const link of this.#session.links()) {
      if (!(link instanceof ReplyLink) || link.node !== this.#node) continue;
      if (link.replyTo === replyTo) return link;
      fallback = link;
    }
    return fallback;
  }

  flow(flow: Flow): void {
    if (flow.echo) this.#grant();
  }

  pump(): void {
    // Nothing is ever sent on this link.
  }

  checkClaim(): void {
    // Whoever may connect may ask.
  }

  detach(error: AmqpError): void {
    this.#session.detach(this, error);
  }

  ended(): void {
    this.#assembler.drop();
  }
}

/** rhea wraps data sections in an object with `content`. */
function contentOf(body: unknown): unknown {
  return typeof body === "object" && body !== null && "content" in body ? body.content : body;
}
