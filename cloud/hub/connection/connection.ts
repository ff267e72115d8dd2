/**
 * One client connection: handshake, sessions, close (AMQP 1.0 part 2).
 *
 * Invariants: nothing is decoded that the frame reader has not walked; frames stay small until the
 * client has shown a good token; whatever breaks the protocol ends this connection, with the error
 * AMQP names for it, and no other.
 */
import type { Duplex } from "node:stream";
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import type { AccessKeys } from "../access/access-keys.ts";
import { Claims } from "../access/claims.ts";
import { type Frame, FrameReader, type ProtocolHeader } from "../amqp/frame-reader.ts";
import { type AmqpError, closeFrame, endFrame, heartbeatFrame, openFrame } from "../amqp/frames.ts";
import { fieldsOf, type Open, PERFORMATIVE, readBegin } from "../amqp/performatives.ts";
import { DecodeError } from "../amqp/walk.ts";
import { UnfinishedBytes } from "../links/delivery.ts";
import type { Link, LinkConnection, LinkOpener } from "../links/link.ts";
import { Handshake } from "./handshake.ts";
import { Session } from "./session.ts";
import { SocketOutlet } from "./socket-outlet.ts";

const CHANNEL_MAX = 255;
/** The smallest frame size that a client may ask for (section 2.7.1). */
const FRAME_BYTES_MIN = 512;

export interface ConnectionLimits {
  frameBytesMax: number;
  /** Until the first accepted token: login needs little, and strangers get little. */
  frameBytesMaxBeforeLogin: number;
  /** A client that leaves so much unread is not read from. */
  unsentBytesMax: number;
  handshakeTimeoutMs: number;
  /** An open connection without any token is closed after this time. */
  loginTimeoutMs: number;
  idleTimeoutMs: number;
  /** Without a token nobody needs to send more; whatever they made the hub keep is bounded by it. */
  bytesMaxBeforeLogin: number;
  /** Deliveries whose last frame is still to come, over all links. */
  unfinishedBytesMax: number;
}

/** Why a connection ended: `error` is a fault of the hub, `protocol` one of the client. */
export type EndKind = "plain" | "protocol" | "error";

export interface ConnectionOptions {
  id: string;
  containerId: string;
  socket: Duplex;
  clock: Clock;
  keys: AccessKeys;
  limits: ConnectionLimits;
  openLink: LinkOpener;
  /** Called once, when the connection is gone. */
  gone: (connection: Connection, kind: EndKind, reason: string) => void;
}

export class Connection implements LinkConnection {
  readonly id: string;
  readonly claims = new Claims();
  readonly unfinished: UnfinishedBytes;
  readonly #options: ConnectionOptions;
  readonly #outlet: SocketOutlet;
  readonly #reader: FrameReader;
  readonly #handshake: Handshake;
  readonly #sessions = new Map<number, Session>();
  /** At most as many as there are channels. */
  readonly #endedChannels = new Set<number>();
  readonly #startedMs: number;
  #open: Open | undefined;
  frameBytesMax = FRAME_BYTES_MIN;
  #readMs: number;
  #bytesBeforeLogin = 0;
  #isEnding = false;
  #isGone = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.id = options.id;
    const { clock, limits, socket } = options;
    this.#startedMs = clock.monotonic();
    this.#readMs = this.#startedMs;
    this.unfinished = new UnfinishedBytes(limits.unfinishedBytesMax);
    this.#outlet = new SocketOutlet(socket, clock, limits.unsentBytesMax);
    this.#reader = new FrameReader(limits.frameBytesMaxBeforeLogin, (item) => this.#take(item));
    this.#handshake = new Handshake(options.keys);
  }

  start(): void {
    const { socket } = this.#options;
    socket.on("data", (bytes: Buffer) => this.#data(bytes));
    socket.on("drain", () => this.#drained());
    socket.on("error", (error) => this.#gone("plain", messageOf(error)));
    socket.on("end", () => this.#outlet.end());
    socket.on("close", () => this.#gone("plain", "closed by the client"));
  }

  /** What the client calls itself. */
  get clientName(): string {
    return this.#open?.containerId.slice(0, 128) ?? "";
  }

  get isLoggedIn(): boolean {
    return !this.claims.isEmpty;
  }

  get unsentBytes(): number {
    return this.#outlet.unsentBytes;
  }

  /** Every link of every session. */
  *links(): Iterable<Link> {
    for (const session of this.#sessions.values()) yield* session.links();
  }

  loggedIn(): void {
    this.#reader.frameBytesMax = this.#options.limits.frameBytesMax;
  }

  #data(bytes: Buffer): void {
    this.#readMs = this.#options.clock.monotonic();
    if (this.#isEnding) return;
    try {
      this.#reader.push(bytes);
      if (!this.isLoggedIn) this.#countBeforeLogin(bytes.length);
    } catch (error) {
      const description = messageOf(error);
      if (error instanceof DecodeError) {
        this.#end("protocol", { condition: "amqp:connection:framing-error", description });
      } else {
        // A fault of ours that one client's bytes have found must not end the others' connections.
        this.#end("error", { condition: "amqp:internal-error", description });
      }
    }
  }

  #countBeforeLogin(byteCount: number): void {
    const { bytesMaxBeforeLogin } = this.#options.limits;
    this.#bytesBeforeLogin += byteCount;
    if (this.#bytesBeforeLogin <= bytesMaxBeforeLogin) return;
    const description = `A client may send ${bytesMaxBeforeLogin} bytes before it puts a token.`;
    this.#end("protocol", { condition: "amqp:resource-limit-exceeded", description });
  }

  #take(item: Frame | ProtocolHeader): boolean {
    if (!this.#open) this.#shakeHands(item);
    else if (item.kind === "header" || item.type === "sasl") {
      throw new DecodeError("a handshake on an open connection");
    } else if (item.code !== undefined) this.#dispatch(item, item.code);
    return !this.#isEnding;
  }

  #shakeHands(item: Frame | ProtocolHeader): void {
    const step = this.#handshake.take(item);
    if (step.kind === "opened") {
      this.#open = step.open;
      this.frameBytesMax = Math.max(step.open.frameBytesMax, FRAME_BYTES_MIN);
      this.#sendOpen();
      return;
    }
    this.write(step.answer);
    if (step.kind === "refused") {
      this.#outlet.end();
      this.#gone("protocol", step.reason);
    } else if (step.grant) {
      this.claims.add(step.grant.path, step.grant);
      this.loggedIn();
    }
  }

  #sendOpen(): void {
    const { containerId, limits } = this.#options;
    const { frameBytesMax, idleTimeoutMs } = limits;
    this.write(openFrame({ containerId, frameBytesMax, channelMax: CHANNEL_MAX, idleTimeoutMs }));
  }

  #dispatch(frame: Frame, code: number): void {
    // rhea may still send a flow or a disposition on a session that it has just ended.
    if (code === PERFORMATIVE.close) this.#clientClosed();
    else if (code === PERFORMATIVE.begin) this.#begin(frame);
    else if (!this.#endedChannels.has(frame.channel)) this.#inSession(frame, code);
  }

  #inSession(frame: Frame, code: number): void {
    if (code === PERFORMATIVE.transfer) this.#session(frame).transfer(frame);
    else if (code === PERFORMATIVE.flow) this.#session(frame).flow(fieldsOf(frame));
    else if (code === PERFORMATIVE.attach) this.#session(frame).attach(fieldsOf(frame));
    else if (code === PERFORMATIVE.detach) this.#session(frame).detached(fieldsOf(frame));
    else if (code === PERFORMATIVE.end) this.#endSession(frame.channel);
    // What we send is presettled, so a disposition says nothing new.
    else if (code !== PERFORMATIVE.disposition) throw new DecodeError("unknown performative");
  }

  #session(frame: Frame): Session {
    const session = this.#sessions.get(frame.channel);
    if (!session) throw new DecodeError(`no session on channel ${frame.channel}`);
    return session;
  }

  #begin(frame: Frame): void {
    const { channel } = frame;
    if (channel > CHANNEL_MAX || this.#sessions.has(channel)) {
      throw new DecodeError(`channel ${channel} is in use, or above ${CHANNEL_MAX}`);
    }
    const session = new Session(channel, this, this.#options.openLink, readBegin(fieldsOf(frame)));
    this.#sessions.set(channel, session);
    this.#endedChannels.delete(channel);
    session.begin();
  }

  #endSession(channel: number): void {
    const session = this.#sessions.get(channel);
    if (!session) return;
    this.#sessions.delete(channel);
    this.#endedChannels.add(channel);
    session.ended();
    this.write(endFrame(channel));
  }

  #clientClosed(): void {
    this.write(closeFrame());
    this.#outlet.end();
    this.#gone("plain", "closed by the client");
  }

  write(bytes: Buffer): void {
    this.#outlet.write(bytes);
  }

  pause(): void {
    this.#outlet.hold();
  }

  resume(): void {
    this.#outlet.release();
  }

  #drained(): void {
    this.#outlet.drained();
    for (const link of this.links()) link.pump();
  }

  /** Heartbeats, time-outs and expired tokens; called every half second or so. */
  sweep(nowMs: number): void {
    if (this.#isEnding) return;
    const { clock, limits } = this.#options;
    const monotonicMs = clock.monotonic();
    const ageMs = monotonicMs - this.#startedMs;
    const silentMs = monotonicMs - this.#readMs;
    if (!this.#open && ageMs > limits.handshakeTimeoutMs) {
      this.close(forced("The handshake was not finished in time."));
    } else if (!this.isLoggedIn && ageMs > limits.loginTimeoutMs) {
      this.close(forced("No token was put on this connection in time."));
    } else if (!this.#outlet.isHeld && silentMs > limits.idleTimeoutMs) {
      this.close(forced("The connection was silent for longer than its idle time-out."));
    } else {
      this.#beat(monotonicMs);
      for (const link of this.links()) link.checkClaim(nowMs);
    }
  }

  #beat(monotonicMs: number): void {
    const idleMs = this.#open?.idleTimeoutMs;
    // Three beats an interval, so that two may be late.
    if (idleMs && monotonicMs - this.#outlet.wroteMs >= idleMs / 3) this.write(heartbeatFrame);
  }

  close(error: AmqpError): void {
    this.#end("plain", error);
  }

  #end(kind: EndKind, error: AmqpError): void {
    if (this.#isEnding) return;
    if (this.#handshake.mayClose) {
      // A close may only follow an open (section 2.4.3).
      if (!this.#open) this.#sendOpen();
      this.write(closeFrame(error));
    }
    this.#outlet.end();
    this.#gone(kind, `${error.condition}: ${error.description}`);
  }

  drop(): void {
    this.#outlet.destroy();
    this.#gone("plain", "dropped by the hub");
  }

  #gone(kind: EndKind, reason: string): void {
    this.#isEnding = true;
    if (this.#isGone) return;
    this.#isGone = true;
    for (const session of this.#sessions.values()) session.ended();
    this.#sessions.clear();
    this.#options.gone(this, kind, reason);
  }
}

function forced(description: string): AmqpError {
  return { condition: "amqp:connection:forced", description };
}
