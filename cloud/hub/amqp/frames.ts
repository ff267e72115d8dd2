/**
 * Frames that the hub sends. Every performative goes out with all its fields, nulls included, and
 * link properties as an empty map: the Python client indexes them unchecked.
 */
import { describedList, encodeValue, symbolArray, type Typed, types } from "./codec.ts";
import { PERFORMATIVE } from "./performatives.ts";

const AMQP_FRAME = 0;
const SASL_FRAME = 1;
const ERROR = 0x1d;
const ACCEPTED = 0x24;
const REJECTED = 0x25;
const ROLE_RECEIVER = true;

/** An AMQP error: what a client sees when a link, a session or a connection ends. */
export interface AmqpError {
  readonly condition: string;
  readonly description: string;
}

function frame(frameType: number, channel: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + body.length, 0);
  head[4] = 2;
  head[5] = frameType;
  head.writeUInt16BE(channel, 6);
  return Buffer.concat([head, body]);
}

function amqp(channel: number, code: number, fields: readonly (Typed | null)[]): Buffer {
  return frame(AMQP_FRAME, channel, encodeValue(describedList(code, fields)));
}

function errorValue(error: AmqpError | undefined): Typed | null {
  if (!error) return null;
  return describedList(ERROR, [
    types.wrap_symbol(error.condition),
    types.wrap_string(error.description),
    types.wrap_symbolic_map({}),
  ]);
}

export function protocolHeader(protocol: number): Buffer {
  return Buffer.from([0x41, 0x4d, 0x51, 0x50, protocol, 1, 0, 0]);
}

export const heartbeatFrame: Buffer = frame(AMQP_FRAME, 0, Buffer.alloc(0));

export function saslMechanismsFrame(mechanisms: readonly string[]): Buffer {
  const body = describedList(PERFORMATIVE.saslMechanisms, [symbolArray(mechanisms)]);
  return frame(SASL_FRAME, 0, encodeValue(body));
}

/** SASL outcome codes of part 5, section 5.3.3.6. */
export function saslOutcomeFrame(outcome: "ok" | "auth"): Buffer {
  const code = types.wrap_ubyte(outcome === "ok" ? 0 : 1);
  return frame(SASL_FRAME, 0, encodeValue(describedList(PERFORMATIVE.saslOutcome, [code, null])));
}

export interface OpenAnswer {
  containerId: string;
  frameBytesMax: number;
  channelMax: number;
  idleTimeoutMs: number;
}

export function openFrame(open: OpenAnswer): Buffer {
  return amqp(0, PERFORMATIVE.open, [
    types.wrap_string(open.containerId),
    null,
    types.wrap_uint(open.frameBytesMax),
    types.wrap_ushort(open.channelMax),
    types.wrap_uint(open.idleTimeoutMs),
    null,
    null,
    null,
    null,
    types.wrap_symbolic_map({}),
  ]);
}

export interface BeginAnswer {
  remoteChannel: number;
  nextOutgoingId: number;
  incomingWindow: number;
  outgoingWindow: number;
  handleMax: number;
}

export function beginFrame(channel: number, begin: BeginAnswer): Buffer {
  return amqp(channel, PERFORMATIVE.begin, [
    types.wrap_ushort(begin.remoteChannel),
    types.wrap_uint(begin.nextOutgoingId),
    types.wrap_uint(begin.incomingWindow),
    types.wrap_uint(begin.outgoingWindow),
    types.wrap_uint(begin.handleMax),
    null,
    null,
    types.wrap_symbolic_map({}),
  ]);
}

export interface AttachAnswer {
  name: string;
  handle: number;
  hubReceives: boolean;
  presettled: boolean;
  source: Typed | null;
  target: Typed | null;
  messageBytesMax: number;
  offeredCapabilities: readonly string[];
  properties?: Readonly<Record<string, Typed>>;
}

const SETTLE_SETTLED = 1;
const SETTLE_MIXED = 2;

export function attachFrame(channel: number, attach: AttachAnswer): Buffer {
  return amqp(channel, PERFORMATIVE.attach, [
    types.wrap_string(attach.name),
    types.wrap_uint(attach.handle),
    types.wrap_boolean(attach.hubReceives),
    types.wrap_ubyte(attach.presettled ? SETTLE_SETTLED : SETTLE_MIXED),
    types.wrap_ubyte(0),
    attach.source,
    attach.target,
    null,
    types.wrap_boolean(false),
    // Mandatory for a sender, and ignored from a receiver (section 2.7.3).
    attach.hubReceives ? null : types.wrap_uint(0),
    types.wrap_ulong(attach.messageBytesMax),
    attach.offeredCapabilities.length > 0 ? symbolArray(attach.offeredCapabilities) : null,
    null,
    types.wrap_symbolic_map(attach.properties ?? {}),
  ]);
}

export interface SessionWindow {
  nextIncomingId: number;
  incomingWindow: number;
  nextOutgoingId: number;
  outgoingWindow: number;
}

export interface LinkCredit {
  handle: number;
  deliveryCount: number;
  credit: number;
  drain: boolean;
}

export function flowFrame(channel: number, window: SessionWindow, link?: LinkCredit): Buffer {
  return amqp(channel, PERFORMATIVE.flow, [
    types.wrap_uint(window.nextIncomingId),
    types.wrap_uint(window.incomingWindow),
    types.wrap_uint(window.nextOutgoingId),
    types.wrap_uint(window.outgoingWindow),
    link ? types.wrap_uint(link.handle) : null,
    link ? types.wrap_uint(link.deliveryCount) : null,
    link ? types.wrap_uint(link.credit) : null,
    null,
    types.wrap_boolean(link?.drain ?? false),
    types.wrap_boolean(false),
    null,
  ]);
}

function disposition(channel: number, first: number, last: number, state: Typed): Buffer {
  return amqp(channel, PERFORMATIVE.disposition, [
    types.wrap_boolean(ROLE_RECEIVER),
    types.wrap_uint(first),
    types.wrap_uint(last),
    types.wrap_boolean(true),
    state,
    types.wrap_boolean(false),
  ]);
}

export function acceptedFrame(channel: number, first: number, last: number): Buffer {
  return disposition(channel, first, last, describedList(ACCEPTED, []));
}

export function rejectedFrame(channel: number, deliveryId: number, error: AmqpError): Buffer {
  const state = describedList(REJECTED, [errorValue(error)]);
  return disposition(channel, deliveryId, deliveryId, state);
}

export function detachFrame(channel: number, handle: number, error?: AmqpError): Buffer {
  return amqp(channel, PERFORMATIVE.detach, [
    types.wrap_uint(handle),
    types.wrap_boolean(true),
    errorValue(error),
  ]);
}

export function endFrame(channel: number, error?: AmqpError): Buffer {
  return amqp(channel, PERFORMATIVE.end, [errorValue(error)]);
}

export function closeFrame(error?: AmqpError): Buffer {
  return amqp(0, PERFORMATIVE.close, [errorValue(error)]);
}
