/**
 * The sending side of a socket, and the brake on its receiving side: a client that does not read what
 * it is sent is not read from either, so it cannot make the hub gather answers.
 */
import type { Duplex } from "node:stream";
import type { Clock } from "#core/clock.ts";

/** What was written has this time to leave once the connection is to end. */
const LINGER_MS = 1000;

export class SocketOutlet {
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #unsentBytesMax: number;
  #isCorked = false;
  #isHeld = false;
  #isEnded = false;
  /** Monotonic time of the last write. */
  wroteMs: number;

  constructor(socket: Duplex, clock: Clock, unsentBytesMax: number) {
    this.#socket = socket;
    this.#clock = clock;
    this.#unsentBytesMax = unsentBytesMax;
    this.wroteMs = clock.monotonic();
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** True while the hub itself keeps the client from being read. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  write(bytes: Buffer): void {
    if (this.#isEnded) return;
    this.wroteMs = this.#clock.monotonic();
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
    if (this.unsentBytes > this.#unsentBytesMax) this.#socket.pause();
  }

  /** Stops reading from the client until `release`. */
  hold(): void {
    this.#isHeld = true;
    this.#socket.pause();
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#socket.resume();
  }

  /** To be called when the socket has drained. */
  drained(): void {
    if (!this.#isHeld) this.#socket.resume();
  }

  /** Lets what was written leave, then ends the socket; a client that does not read it is cut off. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#socket.end();
    this.#socket.resume();
    const cut = this.#clock.after("hub connection linger", LINGER_MS, () => this.#socket.destroy());
    this.#socket.once("close", () => cut.cancel());
  }

  destroy(): void {
    this.#isEnded = true;
    this.#socket.destroy();
  }
}
