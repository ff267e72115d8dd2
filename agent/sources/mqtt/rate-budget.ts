/** How many messages a client may still publish now: a second's worth at most, refilled evenly. */
export class RateBudget {
  readonly #perSecond: number;
  #left: number;
  #atMs: number;

  /** `nowMs` on the monotonic scale, here and below. */
  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#atMs = nowMs;
  }

  /** May go below zero: what was read is read. */
  spend(messages: number): void {
    this.#left -= messages;
  }

  /** How long to wait before the next message; 0 for none. */
  waitMs(nowMs: number): number {
    if (this.#left > 0) return 0;
    const refill = ((nowMs - this.#atMs) * this.#perSecond) / 1000;
    this.#left = Math.min(this.#perSecond, this.#left + refill);
    this.#atMs = nowMs;
    return this.#left > 0 ? 0 : Math.ceil(((1 - this.#left) * 1000) / this.#perSecond);
  }
}
