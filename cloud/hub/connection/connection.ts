/**
 * One client connection: protocol headers, SASL, open, sessions, close (AMQP 1.0 parts 2 and 5).
 *
 * Invariants: nothing is decoded that the frame reader has not walked; frames stay small until the
 * client has shown a good token; a client that does not read its socket is not read from either;
 * whatever breaks the protocol ends this connection, with the error AMQP names for it, and no other.
 */
import type { Duplex } from "node:stream";
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import type { AccessKeys } from "../access/access-keys.ts";
import { Claims } from "../access/claims.ts";
import { type Frame, FrameReader, type ProtocolHeader } from "../amqp/frame-reader.ts";
import {
  type AmqpError,
  closeFrame,
  endFrame,
  heartbeatFrame,
  openFrame,
  protocolHeader,
  saslMechanismsFrame,
  saslOutcomeFrame,
} from "../amqp/frames.ts";
import {
  fieldsOf,
  PERFORMATIVE,
  readBegin,
  readOpen,
  readSaslInit,
} from "../amqp/performatives.ts";
import { DecodeError } from "../amqp/walk.ts";
import type { LinkConnection, LinkOpener } from "../links/link.ts";
import { SASL_MECHANISMS, saslOutcome } from "./sasl.ts";
import { Session } from "./session.ts";

const AMQP_PROTOCOL = 0;
const SASL_PROTOCOL = 3;
const CHANNEL_MAX = 255;

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
}

export interface ConnectionOptions {
  id: string;
  containerId: string;
  socket: Duplex;
  clock: Clock;
  keys: AccessKeys;
  limits: ConnectionLimits;
  openLink: LinkOpener;
  /** Called once, when the connection is gone. */
  gone: (connection: Connection, reason: string) => void;
}

type Phase = "start" | "sasl" | "authenticated" | "opening" | "open" | "closed";

export class Connection implements LinkConnection {
  readonly id: string;
  readonly claims = new Claims();
  readonly #options: ConnectionOptions;
  readonly #socket: Duplex;
  readonly #reader: FrameReader;
  readonly #sessions = new Map<number, Session>();
  readonly #startedMs: number;
  #phase: Phase = "start";
  #clientFrameBytesMax = 512;
  #clientIdleMs: number | undefined;
  #readMs: number;
  #wroteMs: number;
  #isCorked = false;
  #isPausedByHub = false;
  #isGone = false;
  clientName = "";

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.id = options.id;
    this.#socket = options.socket;
    this.#startedMs = options.clock.monotonic();
    this.#readMs = this.#startedMs;
    this.#wroteMs = this.#startedMs;
    const { frameBytesMaxBeforeLogin } = options.limits;
    this.#reader = new FrameReader(frameBytesMaxBeforeLogin, (item) => this.#take(item));
  }

  start(): void {
    const socket = this.#socket;
    socket.on("data", (bytes: Buffer) => this.#data(bytes));
    socket.on("drain", () => this.#drained());
    socket.on("error", (error) => this.#end(messageOf(error)));
    socket.on("end", () => socket.end());
    socket.on("close", () => this.#end("closed by the client"));
  }

  get isLoggedIn(): boolean {
    return !this.claims.isEmpty;
  }

  get frameBytesMax(): number {
    return this.#clientFrameBytesMax;
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  loggedIn(): void {
    this.#reader.frameBytesMax = this.#options.limits.frameBytesMax;
  }

  #data(bytes: Buffer): void {
    this.#readMs = this.#options.clock.monotonic();
    if (this.#phase === "closed") return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.close({ condition: "amqp:connection:framing-error", description: error.message });
    }
  }

  #take(item: Frame | ProtocolHeader): boolean {
    if (item.kind === "header") this.#header(item);
    else if (item.code !== undefined) this.#performative(item, item.code);
    return this.#phase !== "closed";
  }

  #header(header: ProtocolHeader): void {
    const expected = this.#phase === "start" ? SASL_PROTOCOL : AMQP_PROTOCOL;
    const isExpected = this.#phase === "start" || this.#phase === "authenticated";
    if (!header.versionKnown || header.protocol !== expected || !isExpected) {
      // Section 2.2: answer with the header that would have been right, and close.
      this.write(protocolHeader(expected));
      this.#finish("protocol header not understood");
      return;
    }
    this.write(protocolHeader(expected));
    if (this.#phase === "start") this.write(saslMechanismsFrame(SASL_MECHANISMS));
    this.#phase = this.#phase === "start" ? "sasl" : "opening";
  }

  #performative(frame: Frame, code: number): void {
    const inSasl = this.#phase === "sasl";
    if ((frame.type === "sasl") !== inSasl) throw new DecodeError("a frame of the wrong layer");
    if (inSasl) this.#sasl(frame, code);
    else if (this.#phase === "opening") this.#open(frame, code);
    else if (this.#phase === "open") this.#dispatch(frame, code);
    else throw new DecodeError("a frame before the protocol header");
  }

  #sasl(frame: Frame, code: number): void {
    if (code !== PERFORMATIVE.saslInit) throw new DecodeError("expected sasl-init");
    const outcome = saslOutcome(readSaslInit(fieldsOf(frame)), this.#options.keys);
    this.write(saslOutcomeFrame(outcome.kind === "ok" ? "ok" : "auth"));
    if (outcome.kind === "refused") {
      this.#finish("login refused");
      return;
    }
    if (outcome.grant) {
      this.claims.add("", outcome.grant);
      this.loggedIn();
    }
    this.#phase = "authenticated";
  }

  #open(frame: Frame, code: number): void {
    if (code !== PERFORMATIVE.open) throw new DecodeError("expected open");
    const open = readOpen(fieldsOf(frame));
    const { containerId, limits } = this.#options;
    this.clientName = open.containerId.slice(0, 128);
    this.#clientFrameBytesMax = Math.max(open.frameBytesMax, 512);
    this.#clientIdleMs = open.idleTimeoutMs;
    this.write(
      openFrame({
        containerId,
        frameBytesMax: limits.frameBytesMax,
        channelMax: CHANNEL_MAX,
        idleTimeoutMs: limits.idleTimeoutMs,
      }),
    );
    this.#phase = "open";
  }

  #dispatch(frame: Frame, code: number): void {
    if (code === PERFORMATIVE.transfer) this.#session(frame).transfer(frame);
    else if (code === PERFORMATIVE.flow) this.#session(frame).flow(fieldsOf(frame));
    else if (code === PERFORMATIVE.attach) this.#session(frame).attach(fieldsOf(frame));
    else if (code === PERFORMATIVE.detach) this.#session(frame).detached(fieldsOf(frame));
    else if (code === PERFORMATIVE.begin) this.#begin(frame);
    else if (code === PERFORMATIVE.end) this.#endSession(frame.channel);
    else if (code === PERFORMATIVE.close) this.#clientClosed();
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
    session.begin();
  }

  #endSession(channel: number): void {
    const session = this.#sessions.get(channel);
    if (!session) return;
    this.#sessions.delete(channel);
    session.ended();
    this.write(endFrame(channel));
  }

  #clientClosed(): void {
    this.write(closeFrame());
    this.#finish("closed by the client");
  }

  write(bytes: Buffer): void {
    if (this.#isGone || this.#socket.writableEnded) return;
    this.#wroteMs = this.#options.clock.monotonic();
    if (!this.#isCorked) {
      // All that one turn of the event loop writes leaves in one system call.
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
    if (this.unsentBytes > this.#options.limits.unsentBytesMax) this.#socket.pause();
  }

  pause(): void {
    this.#isPausedByHub = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPausedByHub) return;
    this.#isPausedByHub = false;
    this.#socket.resume();
  }

  #drained(): void {
    if (!this.#isPausedByHub) this.#socket.resume();
    for (const session of this.#sessions.values()) {
      for (const link of session.links()) link.pump();
    }
  }

  /** Heartbeats, time-outs and expired tokens; called every half second or so. */
  sweep(nowMs: number): void {
    const { clock, limits } = this.#options;
    const monotonicMs = clock.monotonic();
    const ageMs = monotonicMs - this.#startedMs;
    if (this.#phase === "closed") return;
    if (this.#phase !== "open" && ageMs > limits.handshakeTimeoutMs) this.drop();
    else if (this.claims.isEmpty && ageMs > limits.loginTimeoutMs) {
      this.close(forced("No token was put on this connection in time."));
    } else if (!this.#isPausedByHub && monotonicMs - this.#readMs > limits.idleTimeoutMs) {
      this.close(forced("The connection was silent for longer than its idle time-out."));
    } else {
      this.#beat(monotonicMs);
      this.#checkClaims(nowMs);
    }
  }

  #beat(monotonicMs: number): void {
    const idleMs = this.#clientIdleMs;
    if (this.#phase !== "open" || !idleMs) return;
    if (monotonicMs - this.#wroteMs >= idleMs / 3) this.write(heartbeatFrame);
  }

  #checkClaims(nowMs: number): void {
    for (const session of this.#sessions.values()) {
      for (const link of session.links()) link.checkClaim(nowMs);
    }
  }

  close(error: AmqpError): void {
    if (this.#phase === "closed") return;
    if (this.#phase === "open" || this.#phase === "opening") {
      if (this.#phase === "opening") this.#openForClose();
      this.write(closeFrame(error));
    }
    this.#finish(`${error.condition}: ${error.description}`);
  }

  /** A close may only follow an open (section 2.4.3). */
  #openForClose(): void {
    const { containerId, limits } = this.#options;
    const { frameBytesMax, idleTimeoutMs } = limits;
    this.write(openFrame({ containerId, frameBytesMax, channelMax: CHANNEL_MAX, idleTimeoutMs }));
  }

  drop(): void {
    this.#phase = "closed";
    this.#socket.destroy();
    this.#end("dropped by the hub");
  }

  /** Lets what was written leave, then ends the socket; a client that does not read it is cut off. */
  #finish(reason: string): void {
    this.#phase = "closed";
    this.#socket.end();
    this.#socket.resume();
    this.#options.clock.after("hub connection end", 1000, () => this.#socket.destroy());
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#phase = "closed";
    for (const session of this.#sessions.values()) session.ended();
    this.#sessions.clear();
    this.#options.gone(this, reason);
  }
}

function forced(description: string): AmqpError {
  return { condition: "amqp:connection:forced", description };
}
