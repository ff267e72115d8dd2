/** What becomes of an answer on its way out, by the fault of the unit that gives it. */
import type { Socket } from "node:net";
import type { Clock, Timer } from "#core/clock.ts";
import type { Random } from "#core/random.ts";
import type { UnitFault } from "./unit-fault.ts";

/** How an answer is framed: where its unit id is, and where its function code. */
export interface AnswerFraming {
  unitIdAt: number;
  pduAt: number;
  /** Makes a frame that was changed a valid one. */
  seal: (frame: Buffer) => void;
}

/** Modbus TCP: transaction id, protocol id, length, unit id. Nothing of it depends on the rest. */
export const MBAP: AnswerFraming = { unitIdAt: 6, pduAt: 7, seal: () => {} };

/** Parts of answers that wait for their time; what would come on top is never sent. */
const WAITING_MAX = 10_000;

export interface TamperingOptions {
  faultOf: (unitId: number) => UnitFault | undefined;
  framing: AnswerFraming;
  clock: Clock;
  random: Random;
}

export class Tampering {
  readonly #options: TamperingOptions;
  readonly #waiting = new Set<Timer>();

  constructor(options: TamperingOptions) {
    this.#options = options;
  }

  /** Puts itself between the server and the socket. Each write of the library is one whole answer. */
  intercept(socket: Socket): void {
    const send = socket.write.bind(socket);
    let isHalfOpen = false;
    // The library knows no hook between its answer and the socket.
    socket.write = (answer: Uint8Array | string): boolean => {
      const bytes = Buffer.from(answer);
      if (this.#faultIn(bytes)?.kind === "half-open") isHalfOpen = true;
      if (isHalfOpen) return true;
      this.forward(bytes, (part) => {
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
    const timer = this.#options.clock.after(name, delayMs, () => {
      this.#waiting.delete(timer);
      send();
    });
    this.#waiting.add(timer);
  }

  #faultIn(answer: Buffer): UnitFault | undefined {
    const { faultOf, framing } = this.#options;
    return faultOf(answer[framing.unitIdAt] ?? 0);
  }

  /** Sends what the unit's fault makes of a whole answer, and when it does. */
  forward(answer: Buffer, send: (part: Buffer) => void): void {
    const { framing, random } = this.#options;
    const { unitIdAt, pduAt, seal } = framing;
    const fault = this.#faultIn(answer);
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
        send(Buffer.from(answer.map(() => random.int(256))));
        return;
      case "short":
        send(answer.subarray(0, pduAt + ((answer.length - pduAt) >> 1)));
        return;
      case "wrong-id":
        answer.writeUInt8(((answer[unitIdAt] ?? 0) + 1) & 0xff, unitIdAt);
        seal(answer);
        send(answer);
        return;
      case "wrong-transaction":
        if (framing !== MBAP) return send(answer);
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
