/**
 * From the first byte to the open: SASL header, SASL exchange, AMQP header, open (AMQP 1.0 part 2,
 * section 2.2, and part 5, section 5.3). A state machine: frames in, bytes out, no socket.
 */
import type { AccessKeys } from "../access/access-keys.ts";
import type { Grant } from "../access/sas-token.ts";
import type { Frame, ProtocolHeader } from "../amqp/frame-reader.ts";
import { protocolHeader, saslMechanismsFrame, saslOutcomeFrame } from "../amqp/frames.ts";
import {
  fieldsOf,
  type Open,
  PERFORMATIVE,
  readOpen,
  readSaslInit,
} from "../amqp/performatives.ts";
import { DecodeError } from "../amqp/walk.ts";
import { SASL_MECHANISMS, saslOutcome } from "./sasl.ts";

const AMQP_PROTOCOL = 0;
const SASL_PROTOCOL = 3;

type Phase = "sasl-header" | "sasl" | "amqp-header" | "open";

export type HandshakeStep =
  | { kind: "more"; answer: Buffer; grant?: Grant }
  /** Send the answer, then end the connection. */
  | { kind: "refused"; answer: Buffer; reason: string }
  | { kind: "opened"; open: Open };

export class Handshake {
  readonly #keys: AccessKeys;
  #phase: Phase = "sasl-header";

  constructor(keys: AccessKeys) {
    this.#keys = keys;
  }

  /** True once both headers are exchanged, so that AMQP frames may be sent. */
  get mayClose(): boolean {
    return this.#phase === "open";
  }

  /** Takes the next item; throws `DecodeError` for what has no place here. */
  take(item: ProtocolHeader | Frame): HandshakeStep {
    if (item.kind === "header") return this.#header(item);
    if (this.#phase === "sasl" && item.type === "sasl" && item.code === PERFORMATIVE.saslInit) {
      return this.#sasl(item);
    }
    if (this.#phase === "open" && item.type === "amqp" && item.code === PERFORMATIVE.open) {
      return { kind: "opened", open: readOpen(fieldsOf(item)) };
    }
    throw new DecodeError(`unexpected frame during the ${this.#phase} step of the handshake`);
  }

  #header(header: ProtocolHeader): HandshakeStep {
    // SASL may be left out: the SDK does so when its connection string holds a ready token.
    const skipsSasl = this.#phase === "sasl-header" && header.protocol === AMQP_PROTOCOL;
    const wantsSasl = this.#phase === "sasl-header" && !skipsSasl;
    const expected = wantsSasl ? SASL_PROTOCOL : AMQP_PROTOCOL;
    const answer = protocolHeader(expected);
    const isDue = wantsSasl || skipsSasl || this.#phase === "amqp-header";
    if (!isDue || !header.versionKnown || header.protocol !== expected) {
      // The header that would have been right, then the end (section 2.2).
      return { kind: "refused", answer, reason: "protocol header not understood" };
    }
    this.#phase = wantsSasl ? "sasl" : "open";
    if (!wantsSasl) return { kind: "more", answer };
    return { kind: "more", answer: Buffer.concat([answer, saslMechanismsFrame(SASL_MECHANISMS)]) };
  }

  #sasl(frame: Frame): HandshakeStep {
    const outcome = saslOutcome(readSaslInit(fieldsOf(frame)), this.#keys);
    if (outcome.kind === "refused") {
      return { kind: "refused", answer: saslOutcomeFrame("auth"), reason: "login refused" };
    }
    this.#phase = "amqp-header";
    const answer = saslOutcomeFrame("ok");
    return outcome.grant
      ? { kind: "more", answer, grant: outcome.grant }
      : { kind: "more", answer };
  }
}
