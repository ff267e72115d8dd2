/**
 * What a session and its links promise each other. Links know what the hub does; the session knows
 * AMQP's windows, handles and delivery numbers.
 */

import type { Claims } from "../access/claims.ts";
import type { AmqpError, AttachAnswer, LinkCredit } from "../amqp/frames.ts";
import type { Attach, Flow } from "../amqp/performatives.ts";
import type { Transfer } from "../amqp/transfer.ts";
import type { UnfinishedBytes } from "./delivery.ts";

export interface Link {
  readonly handle: number;
  /** A frame from a sending client. */
  receive(transfer: Transfer, payload: Buffer): void;
  flow(flow: Flow): void;
  /** There may be room again: in the session's window, in the socket, or in the log. */
  pump(): void;
  /** Ends the link with the error. */
  detach(error: AmqpError): void;
  /** Closes the link with an error when its token has run out. */
  checkClaim(nowMs: number): void;
  /** The link is gone, whoever ended it. Called once. */
  ended(): void;
}

export interface LinkConnection {
  readonly id: string;
  readonly claims: Claims;
  /** Shared by the links of the connection. */
  readonly unfinished: UnfinishedBytes;
  /** Frames to this client may be at most so long. */
  readonly frameBytesMax: number;
  /** Bytes that wait for the socket. */
  readonly unsentBytes: number;
  write(bytes: Buffer): void;
  /** Stops reading from the client until `resume`. */
  pause(): void;
  /** Sends a close with the error and ends the connection. */
  close(error: AmqpError): void;
  /** Drops the connection without a word. */
  drop(): void;
  loggedIn(): void;
}

export interface LinkSession {
  readonly channel: number;
  readonly connection: LinkConnection;
  answerAttach(answer: AttachAnswer): void;
  grantCredit(credit: LinkCredit): void;
  accept(deliveryId: number): void;
  reject(deliveryId: number, error: AmqpError): void;
  /** Sends a detach, and calls the link's `ended`. */
  detach(link: Link, error?: AmqpError): void;
  /** Transfer frames that the client's window still takes. */
  readonly transferRoom: number;
  nextDeliveryId(): number;
  countSent(transfers: number): void;
  links(): Iterable<Link>;
}

/** Makes the link that an attach asks for, or answers with a refusal and makes none. */
export type LinkOpener = (session: LinkSession, attach: Attach) => Link | undefined;
