/** Requests of technicians' commands that wait for their bus: first come, first served, and bounded. */
import { PenstockError } from "#core/errors.ts";

/** Each is one request of one command: more than this is a program that misuses the socket. */
const GUESTS_MAX = 64;

export class GuestQueue {
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #onArrival: () => void;
  #isClosed = false;

  constructor(onArrival: () => void) {
    this.#onArrival = onArrival;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /**
   * Resolves with what the job gives, once its turn has come.
   * @throws PenstockError BUS_BUSY: too many wait, or the bus is being closed
   */
  add<T>(job: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(busy("the bus is being closed"));
    if (this.#waiting.length >= GUESTS_MAX) {
      return Promise.reject(busy(`${GUESTS_MAX} requests of commands wait already`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push(async () => {
        if (this.#isClosed) reject(busy("the bus is being closed"));
        else await job().then(resolve, reject);
      });
      this.#onArrival();
    });
  }

  /** Does the job that has waited longest. Never rejects. */
  async serve(): Promise<void> {
    await this.#waiting.shift()?.();
  }

  /** Turns away whoever waits. */
  close(): void {
    this.#isClosed = true;
    for (const turnAway of this.#waiting.splice(0)) void turnAway();
  }
}

function busy(why: string): PenstockError {
  return new PenstockError("BUS_BUSY", why);
}
