/**
 * Several units on one RS-485 line: a pseudo terminal whose other end a gateway opens as its serial
 * port. With a baud rate, an answer takes as long as it would on the wire.
 */
import type { Clock, Timer } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { LedgerWriter } from "../ledger/contract.ts";
import { Pty } from "../serial/pty.ts";
import {
  bitsAnswer,
  exceptionAnswer,
  RTU,
  type RtuRequest,
  RtuRequests,
  registersAnswer,
} from "./rtu-frames.ts";
import { Tampering } from "./tampering.ts";
import { type BankStats, type ReadReply, type ServedUnit, UnitBank } from "./unit-bank.ts";
import type { UnitFault } from "./unit-fault.ts";

/**
 * `echo`: the adapter gives back what the master sends. `noise`: bytes as from a wrong baud rate take
 * the place of every answer. `unplugged`: the device file is gone; when healed there is a new one.
 */
export const rtuLineFaults = ["echo", "noise", "unplugged"] as const;
export type RtuLineFault = (typeof rtuLineFaults)[number];

export interface RtuLineParts {
  ledger: LedgerWriter;
  clock: Clock;
  random: Random;
  log: Logger;
}

/** Start bit, eight data bits, parity, stop bit. */
const BITS_PER_BYTE = 11;
const REQUEST_BYTES = 8;

/** A read of more answers exception 3 (v1.1b3, sections 6.1 and 6.3). */
const REGISTERS_MAX = 125;
const BITS_MAX = 2000;
const ILLEGAL_DATA_VALUE = 3;

/** Function codes beyond write. */
const READ_MAX = 4;

export class RtuLine {
  readonly #parts: RtuLineParts;
  readonly #bank: UnitBank;
  readonly #tampering: Tampering;
  readonly #baud: number | undefined;
  readonly #answering = new Set<Timer>();
  #pty: Pty | undefined;
  #fault: RtuLineFault | undefined;

  /** @param baud undefined: answers take no time */
  constructor(units: ReadonlyMap<number, ServedUnit>, parts: RtuLineParts, baud?: number) {
    this.#parts = parts;
    this.#baud = baud;
    this.#bank = new UnitBank(units, parts.ledger, parts.clock);
    const faultOf = (unitId: number): UnitFault | undefined => this.#bank.faultOf(unitId);
    const { clock, random } = parts;
    this.#tampering = new Tampering({ faultOf, framing: RTU, clock, random });
  }

  /** Resolves with the path to open; undefined, with a message in the log, where there is no pty. */
  async start(): Promise<string | undefined> {
    const opened = await Pty.open();
    if (!(opened instanceof Pty)) {
      this.#parts.log.warn({ reason: opened.reason }, "no pseudo terminal: no serial line");
      return undefined;
    }
    this.#pty = opened;
    const requests = new RtuRequests();
    opened.onData((bytes) => {
      if (this.#fault === "echo") this.#send(opened, Buffer.from(bytes));
      for (const request of requests.push(bytes)) this.#answer(opened, request);
    });
    return opened.path;
  }

  async stop(): Promise<void> {
    for (const timer of this.#answering) timer.cancel();
    this.#answering.clear();
    this.#tampering.stop();
    const pty = this.#pty;
    this.#pty = undefined;
    await pty?.close();
  }

  /** Makes a unit misbehave from now on; undefined heals it. */
  setFault(unitId: number, fault: UnitFault | undefined): void {
    this.#bank.setFault(unitId, fault);
  }

  /**
   * Makes the whole line misbehave from now on; undefined heals it. Resolves with the path to open,
   * which is another one after the line was unplugged.
   */
  async setLineFault(fault: RtuLineFault | undefined): Promise<string | undefined> {
    this.#fault = fault;
    if (fault === "unplugged") await this.stop();
    else if (!this.#pty) await this.start();
    return this.#pty?.path;
  }

  stats(): BankStats {
    return this.#bank.stats();
  }

  #answer(pty: Pty, request: RtuRequest): void {
    const frame = this.#frameFor(request);
    if (!frame) return;
    const timer = this.#parts.clock.after("rtu answer", this.#wireMs(frame), () => {
      this.#answering.delete(timer);
      if (this.#fault === "noise") return this.#send(pty, this.#noise(frame));
      this.#tampering.forward(frame, (part) => this.#send(pty, part));
    });
    this.#answering.add(timer);
  }

  #frameFor(request: RtuRequest): Buffer | undefined {
    const { unitId, functionCode, address, length } = request;
    if (functionCode > READ_MAX) {
      const refusal = this.#bank.refuseWrite(unitId);
      return refusal.kind === "nobody" ? undefined : exceptionAnswer(request, refusal.code);
    }
    const isBits = functionCode <= 2;
    if (length < 1 || length > (isBits ? BITS_MAX : REGISTERS_MAX)) {
      return exceptionAnswer(request, ILLEGAL_DATA_VALUE);
    }
    if (isBits) {
      const table = functionCode === 1 ? "coil" : "discrete";
      const reply = this.#bank.readBits(unitId, table, address, length);
      return frameOf(request, reply, bitsAnswer);
    }
    const table = functionCode === 3 ? "holding" : "input";
    return frameOf(
      request,
      this.#bank.readRegisters(unitId, table, address, length),
      registersAnswer,
    );
  }

  /** How long request and answer keep the wire busy. */
  #wireMs(answer: Buffer): number {
    if (this.#baud === undefined) return 0;
    return ((REQUEST_BYTES + answer.length) * BITS_PER_BYTE * 1000) / this.#baud;
  }

  #noise(frame: Buffer): Buffer {
    return Buffer.from(frame.map(() => this.#parts.random.int(256)));
  }

  /** A real line does not wait for its reader either. */
  #send(pty: Pty, bytes: Buffer): void {
    if (pty === this.#pty) pty.send(bytes);
  }
}

function frameOf<T>(
  request: RtuRequest,
  reply: ReadReply<T>,
  answer: (request: RtuRequest, values: readonly T[]) => Buffer,
): Buffer | undefined {
  if (reply.kind === "nobody") return undefined;
  if (reply.kind === "exception") return exceptionAnswer(request, reply.code);
  return answer(request, reply.values);
}
