/**
 * Tells AMQP from HTTP on one port: AMQP begins with "A", the upgrade to WebSockets with "G" ("GET").
 *
 * Invariants: who says nothing is cut off in time, and counts as a client that waits; the byte that
 * was looked at is handed on with the rest.
 */
import type { Socket } from "node:net";
import type { Clock } from "#core/clock.ts";

const UPPER_G = 0x47;

export interface FirstByteOptions {
  clock: Clock;
  timeoutMs: number;
  amqp: (socket: Socket) => void;
  http: (socket: Socket) => void;
}

export class FirstByte {
  readonly #options: FirstByteOptions;
  readonly #waiting = new Set<Socket>();

  constructor(options: FirstByteOptions) {
    this.#options = options;
  }

  /** Clients that have said nothing yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  await(socket: Socket): void {
    const { clock, timeoutMs, amqp, http } = this.#options;
    this.#waiting.add(socket);
    const cut = clock.after("hub first byte", timeoutMs, () => socket.destroy());
    const forget = (): void => {
      cut.cancel();
      this.#waiting.delete(socket);
      socket.off("error", forget);
      socket.off("end", end);
      socket.off("close", forget);
    };
    const end = (): void => {
      socket.destroy();
    };
    socket.on("error", forget);
    socket.on("end", end);
    socket.on("close", forget);
    socket.once("data", (bytes: Buffer) => {
      forget();
      socket.pause();
      socket.unshift(bytes);
      if (bytes[0] === UPPER_G) http(socket);
      else amqp(socket);
      socket.resume();
    });
  }

  /** Cuts off everybody who still waits. */
  stop(): void {
    for (const socket of this.#waiting) socket.destroy();
  }
}
