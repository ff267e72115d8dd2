/**
 * What becomes of an answer on its way out. Each write of the library is one whole answer: MBAP
 * header (transaction id, protocol id, length, unit id), then function code and data.
 */
import type { Socket } from "node:net";
import type { Clock, Timer } from "#core/clock.ts";
import type { Random } from "#core/random.ts";
import type { UnitFault } from "./unit-fault.ts";

const UNIT_ID_AT = 6;
const MBAP_BYTES = 7;

/** Parts of answers that wait for their time; what would come on top is never sent. */
const WAITING_MAX = 10_000;

export type FaultOf = (unitId: number) => UnitFault | undefined;

export class Tampering {
  readonly #faultOf: FaultOf;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #waiting = new Set<Timer>();

  constructor(faultOf: FaultOf, clock: Clock, random: Random) {
    this.#faultOf = faultOf;
    this.#clock = clock;
    this.#random = random;
  }

  /** Puts itself between the server and the socket. */
  intercept(socket: Socket): void {
    const send = socket.write.bind(socket);
    let isHalfOpen = false;
    // The library knows no hook between its answer and the socket.
    socket.write = (answer: Uint8Array | string): boolean => {
      const bytes = Buffer.from(answer);
      const fault = this.#faultOf(bytes[UNIT_ID_AT] ?? 0);
      if (fault?.kind === "half-open") isHalfOpen = true;
      if (isHalfOpen) return true;
      this.#forward(bytes, fault, (part) => {
        if (socket.writable) send(part);
      });
      return true;
    };
  }

  /** Forgets what waits. */
  stop(): void {
    for (const timer of this.#waiting) timer.cancel();
    this.#waiting.clear();
  }

  #later(name: string, delayMs: number, send: () => void): void {
    if (this.#waiting.size >= WAITING_MAX) return;
    const timer = this.#clock.after(name, delayMs, () => {
      this.#waiting.delete(timer);
      send();
    });
    this.#waiting.add(timer);
  }

  #forward(answer: Buffer, fault: UnitFault | undefined, send: (part: Buffer) => void): void {
    switch (fault?.kind) {
      case "dead":
      case "half-open":
        return;
      case "delay":
        this.#later("delayed answer", fault.delayMs, () => send(answer));
        return;
      case "slow":
        for (let i = 0; i < answer.length; i++) {
          const byte = answer.subarray(i, i + 1);
          this.#later("slow answer", i * fault.byteEveryMs, () => send(byte));
        }
        return;
      case "garbage":
        send(Buffer.from(answer.map(() => this.#random.int(256))));
        return;
      case "short":
        send(answer.subarray(0, MBAP_BYTES + ((answer.length - MBAP_BYTES) >> 1)));
        return;
      case "wrong-id":
        answer.writeUInt8(((answer[UNIT_ID_AT] ?? 0) + 1) & 0xff, UNIT_ID_AT);
        send(answer);
        return;
      case "wrong-transaction":
        answer.writeUInt16BE((answer.readUInt16BE(0) + 1) & 0xffff, 0);
        send(answer);
        return;
      case "exception":
      case "word-order":
      case undefined:
        send(answer);
        return;
    }
  }
}
