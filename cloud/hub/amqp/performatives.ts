/**
 * Performatives that a client sends (AMQP 1.0 part 2, section 2.7), decoded into plain fields. A
 * field of a wrong type reads as absent; a missing mandatory field is a `DecodeError`.
 */
import { decodeValue, isTyped, listFields, plain, type Typed, typedItems, types } from "./codec.ts";
import type { Frame } from "./frame-reader.ts";
import { DecodeError } from "./walk.ts";

export const PERFORMATIVE = {
  open: 0x10,
  begin: 0x11,
  attach: 0x12,
  flow: 0x13,
  transfer: 0x14,
  disposition: 0x15,
  detach: 0x16,
  end: 0x17,
  close: 0x18,
  saslMechanisms: 0x40,
  saslInit: 0x41,
  saslOutcome: 0x44,
} as const;

type Fields = readonly Typed[];

/** The list of a frame that carries a performative. */
export function fieldsOf(frame: Frame): Fields {
  const fields = listFields(decodeValue(frame.bytes.subarray(frame.listAt, frame.payloadAt)));
  if (!fields) throw new DecodeError("the performative is not a list");
  return fields;
}

function numberAt(fields: Fields, index: number): number | undefined {
  const value = fields[index]?.value;
  return typeof value === "number" ? value : undefined;
}

function textAt(fields: Fields, index: number): string | undefined {
  const value = fields[index]?.value;
  return typeof value === "string" ? value : undefined;
}

function flagAt(fields: Fields, index: number): boolean {
  const value = fields[index]?.value;
  return value === true || value === 1;
}

function mandatory<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`${name} is missing`);
  return value;
}

/** One symbol or an array of symbols, as text. */
function symbolsAt(fields: Fields, index: number): string[] {
  const value = plain(fields[index]);
  const items = Array.isArray(value) ? value : [value];
  return items.filter((item) => typeof item === "string");
}

/** A map with text keys; its values may still be described values. */
function mapAt(fields: Fields, index: number): ReadonlyMap<string, unknown> {
  const field = fields[index];
  const entries = new Map<string, unknown>();
  if (!isTyped(field) || !types.is_map(field)) return entries;
  const items = typedItems(field);
  for (let i = 0; i + 1 < items.length; i += 2) {
    const key = items[i]?.value;
    if (typeof key === "string") entries.set(key, plain(items[i + 1]));
  }
  return entries;
}

export interface Open {
  containerId: string;
  frameBytesMax: number;
  idleTimeoutMs: number | undefined;
}

const NO_LIMIT = 4_294_967_295;

export function readOpen(fields: Fields): Open {
  return {
    containerId: mandatory(textAt(fields, 0), "container-id"),
    frameBytesMax: numberAt(fields, 2) ?? NO_LIMIT,
    idleTimeoutMs: numberAt(fields, 4),
  };
}

export interface Begin {
  nextOutgoingId: number;
  incomingWindow: number;
}

export function readBegin(fields: Fields): Begin {
  return {
    nextOutgoingId: mandatory(numberAt(fields, 1), "next-outgoing-id"),
    incomingWindow: mandatory(numberAt(fields, 2), "incoming-window"),
  };
}

const COORDINATOR = 0x30;

export interface Terminus {
  /** The encoded terminus, given back in the answer as the specification asks. */
  readonly typed: Typed;
  readonly address: string;
  readonly filter: ReadonlyMap<string, unknown>;
  /** Of transactions: a target of its own kind (part 4, section 4.5.1). */
  readonly isCoordinator: boolean;
}

export interface Attach {
  name: string;
  handle: number;
  /** True when the client is the receiver. */
  clientReceives: boolean;
  source: Terminus | undefined;
  target: Terminus | undefined;
  desiredCapabilities: string[];
  properties: ReadonlyMap<string, unknown>;
  initialDeliveryCount: number;
}

function terminusAt(fields: Fields, index: number): Terminus | undefined {
  const typed = fields[index];
  const inner = listFields(typed);
  if (!typed || !inner) return undefined;
  const isCoordinator =
    typed.descriptor?.value === COORDINATOR || typed.descriptor?.value === "amqp:coordinator:list";
  return { typed, address: textAt(inner, 0) ?? "", filter: mapAt(inner, 7), isCoordinator };
}

export function readAttach(fields: Fields): Attach {
  return {
    name: mandatory(textAt(fields, 0), "name"),
    handle: mandatory(numberAt(fields, 1), "handle"),
    clientReceives: flagAt(fields, 2),
    source: terminusAt(fields, 5),
    target: terminusAt(fields, 6),
    initialDeliveryCount: numberAt(fields, 9) ?? 0,
    desiredCapabilities: symbolsAt(fields, 12),
    properties: mapAt(fields, 13),
  };
}

export interface Flow {
  nextIncomingId: number | undefined;
  incomingWindow: number;
  handle: number | undefined;
  deliveryCount: number;
  linkCredit: number | undefined;
  drain: boolean;
  echo: boolean;
}

export function readFlow(fields: Fields): Flow {
  return {
    nextIncomingId: numberAt(fields, 0),
    incomingWindow: mandatory(numberAt(fields, 1), "incoming-window"),
    handle: numberAt(fields, 4),
    deliveryCount: numberAt(fields, 5) ?? 0,
    linkCredit: numberAt(fields, 6),
    drain: flagAt(fields, 8),
    echo: flagAt(fields, 9),
  };
}

/**
 * The credit that the client's flow leaves us after `deliveryCount` deliveries; credit is a number of
 * 32 bits, counts wrap there (section 2.6.7).
 */
export function creditAfter(flow: Flow, deliveryCount: number): number | undefined {
  if (flow.linkCredit === undefined) return undefined;
  const ahead = Math.min((flow.deliveryCount - deliveryCount) | 0, 0);
  return flow.linkCredit + ahead;
}

export function readDetach(fields: Fields): { handle: number; closed: boolean } {
  return { handle: mandatory(numberAt(fields, 0), "handle"), closed: flagAt(fields, 1) };
}

export interface SaslInit {
  mechanism: string;
  response: Buffer;
}

export function readSaslInit(fields: Fields): SaslInit {
  const response = fields[1]?.value;
  return {
    mechanism: mandatory(textAt(fields, 0), "mechanism"),
    response: Buffer.isBuffer(response) ? response : Buffer.alloc(0),
  };
}
