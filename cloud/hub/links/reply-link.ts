/**
 * Hub to client, for answers to requests (`$cbs`, `$management`). Answers wait for credit, as many as
 * WAITING_MAX; a client that takes none loses the oldest.
 */
import { encodeMessage } from "../amqp/codec.ts";
import type { AmqpError } from "../amqp/frames.ts";
import { type Attach, creditAfter, type Flow } from "../amqp/performatives.ts";
import type { Link, LinkSession } from "./link.ts";
import { TransferWriter } from "./transfer-writer.ts";

const WAITING_MAX = 64;

export class ReplyLink implements Link {
  readonly handle: number;
  /** The node that answers here: `$cbs` or `$management`. */
  readonly node: string;
  /** What requests name as their reply-to. */
  readonly replyTo: string;
  readonly #session: LinkSession;
  #waiting: Buffer[] = [];
  #credit = 0;
  #deliveryCount = 0;

  constructor(session: LinkSession, attach: Attach, node: string) {
    this.#session = session;
    this.handle = attach.handle;
    this.node = node;
    this.replyTo = attach.target?.address || attach.name;
  }

  /** The attach is not kept: decoded, it may be many times as large as it came. */
  start(attach: Attach): void {
    this.#session.answerAttach({
      name: attach.name,
      handle: this.handle,
      hubReceives: false,
      presettled: true,
      source: attach.source?.typed ?? null,
      target: attach.target?.typed ?? null,
      messageBytesMax: 0,
      offeredCapabilities: [],
    });
  }

  send(message: object): void {
    this.#waiting.push(encodeMessage(message));
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift();
    this.pump();
  }

  receive(): void {
    // A client that sends on a link on which it receives is ignored.
  }

  flow(flow: Flow): void {
    this.#credit = creditAfter(flow, this.#deliveryCount) ?? this.#credit;
    this.pump();
    if (!flow.drain && !flow.echo) return;
    if (flow.drain) {
      this.#deliveryCount = (this.#deliveryCount + Math.max(this.#credit, 0)) >>> 0;
      this.#credit = 0;
    }
    this.#session.grantCredit({
      handle: this.handle,
      deliveryCount: this.#deliveryCount,
      credit: this.#credit,
      drain: flow.drain,
    });
  }

  pump(): void {
    const writer = new TransferWriter(this.#session, this.handle);
    while (this.#credit > 0 && this.#session.transferRoom > 0) {
      const message = this.#waiting.shift();
      if (!message) break;
      writer.write(message, 0, message.length);
      this.#credit -= 1;
      this.#deliveryCount = (this.#deliveryCount + 1) >>> 0;
    }
    writer.flush();
  }

  checkClaim(): void {
    // Whoever may connect may ask.
  }

  detach(error: AmqpError): void {
    this.#session.detach(this, error);
  }

  ended(): void {
    this.#waiting = [];
  }
}
