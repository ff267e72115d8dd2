/**
 * Sparkplug B's payload (Eclipse Sparkplug 3.0.0, chapter 6), decoded by protobufjs from a
 * description of the fields that are used. Data sets, templates and nested properties are described
 * as bytes, which is what they are on the wire: they are never taken apart, so a payload cannot nest.
 */
import protobuf from "protobufjs/light.js";
import { messageOf, PenstockError } from "#core/errors.ts";

export interface SparkplugProperty {
  isNull?: boolean;
  intValue?: number;
  longValue?: bigint;
}

export interface Metric {
  name?: string;
  alias?: bigint;
  /** Milliseconds since 1970. */
  timestamp?: bigint;
  datatype?: number;
  isHistorical?: boolean;
  isTransient?: boolean;
  isNull?: boolean;
  properties?: { keys?: string[]; values?: SparkplugProperty[] };
  /** Integers up to 32 bits, negative ones as two's complement. */
  intValue?: number;
  /** Integers of 64 bits, likewise. */
  longValue?: bigint;
  floatValue?: number;
  doubleValue?: number;
  booleanValue?: boolean;
  stringValue?: string;
}

export interface SparkplugPayload {
  timestamp?: bigint;
  metrics?: Metric[];
  /** 0 to 255, in every message but NDEATH. */
  seq?: bigint;
}

const EDITION = { edition: "proto2" };

const DESCRIPTION: protobuf.INamespace & { edition: string } = {
  ...EDITION,
  nested: {
    Payload: {
      ...EDITION,
      fields: {
        timestamp: { type: "uint64", id: 1 },
        metrics: { rule: "repeated", type: "Metric", id: 2 },
        seq: { type: "uint64", id: 3 },
      },
    },
    Metric: {
      ...EDITION,
      fields: {
        name: { type: "string", id: 1 },
        alias: { type: "uint64", id: 2 },
        timestamp: { type: "uint64", id: 3 },
        datatype: { type: "uint32", id: 4 },
        isHistorical: { type: "bool", id: 5 },
        isTransient: { type: "bool", id: 6 },
        isNull: { type: "bool", id: 7 },
        properties: { type: "PropertySet", id: 9 },
        intValue: { type: "uint32", id: 10 },
        longValue: { type: "uint64", id: 11 },
        floatValue: { type: "float", id: 12 },
        doubleValue: { type: "double", id: 13 },
        booleanValue: { type: "bool", id: 14 },
        stringValue: { type: "string", id: 15 },
      },
    },
    PropertySet: {
      ...EDITION,
      fields: {
        keys: { rule: "repeated", type: "string", id: 1 },
        values: { rule: "repeated", type: "PropertyValue", id: 2 },
      },
    },
    PropertyValue: {
      ...EDITION,
      fields: {
        isNull: { type: "bool", id: 2 },
        intValue: { type: "uint32", id: 3 },
        longValue: { type: "uint64", id: 4 },
      },
    },
  },
};

const Payload = protobuf.Root.fromJSON(DESCRIPTION).lookupType("Payload");

/** @throws PenstockError PAYLOAD_MALFORMED */
export function decodePayload(bytes: Uint8Array): SparkplugPayload {
  try {
    // What comes out is what DESCRIPTION says, and nothing else: unknown fields are left out.
    return Payload.toObject(Payload.decode(bytes), { longs: BigInt });
  } catch (error) {
    const message = `no Sparkplug B payload: ${messageOf(error)}`;
    throw new PenstockError("PAYLOAD_MALFORMED", message, { cause: error });
  }
}

export function encodePayload(payload: SparkplugPayload): Uint8Array {
  return Payload.encode(Payload.fromObject(payload)).finish();
}
