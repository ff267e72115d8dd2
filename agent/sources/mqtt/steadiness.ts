/**
 * Whether a connection holds. One that is made and lost again and again is as good as none, and looks
 * like a good one most of the time: two programs with one client id throw each other out so. Pure.
 */

/** A connection that lasted so long was a good one. */
const STEADY_MS = 30_000;

/** So many in a row that did not: the first may be the other end's restart, the second its consequence. */
const BRIEF_MAX = 3;

export class Steadiness {
  #sinceMs: number | undefined;
  #brief = 0;

  made(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  /** For one that was never made, too: it says nothing. */
  ended(nowMs: number): void {
    if (this.#sinceMs === undefined) return;
    this.#brief = nowMs - this.#sinceMs >= STEADY_MS ? 0 : this.#brief + 1;
    this.#sinceMs = undefined;
  }

  /** The last connection held, or was the only one that did not: the next attempt need not wait for long. */
  get wasSteady(): boolean {
    return this.#brief <= 1;
  }

  /** Until a connection has held. */
  isUnsteady(nowMs: number): boolean {
    const holds = this.#sinceMs !== undefined && nowMs - this.#sinceMs >= STEADY_MS;
    return this.#brief >= BRIEF_MAX && !holds;
  }
}
