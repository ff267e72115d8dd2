/**
 * Lets so many notices pass within a window; what comes beyond is collected for one summary. The
 * first summary waits a little for the flood to come in, the next ones for a window each.
 */
import type { FloodPolicy } from "./policy.ts";

const SUMMARY_WAIT_MS = 30_000;

export class FloodGate {
  #passed: number[] = [];
  #held = new Set<string>();
  #heldSince = 0;
  #dueAt = Number.POSITIVE_INFINITY;
  #summarisedAt = Number.NEGATIVE_INFINITY;

  /** Counts it when it may pass. What must pass in any case counts, too. */
  admits(policy: FloodPolicy, nowMs: number, mustPass: boolean): boolean {
    // Times ahead are from before the clock was set back.
    this.#passed = this.#passed.filter((at) => at <= nowMs && nowMs - at < policy.windowMs);
    const isOver = this.#passed.length >= policy.notices;
    if (isOver && !mustPass) return false;
    this.#passed.push(nowMs);
    if (isOver) this.#passed.shift();
    return true;
  }

  hold(key: string, policy: FloodPolicy, nowMs: number): void {
    if (this.#held.size === 0) {
      this.#heldSince = nowMs;
      const isNext = nowMs - this.#summarisedAt < policy.windowMs && nowMs >= this.#summarisedAt;
      this.#dueAt = isNext ? this.#summarisedAt + policy.windowMs : nowMs + SUMMARY_WAIT_MS;
    }
    this.#held.add(key);
  }

  /** What the summary is to tell of, once it is due; else nothing. */
  takeDue(nowMs: number): string[] {
    if (this.#held.size === 0 || (nowMs < this.#dueAt && nowMs >= this.#heldSince)) return [];
    const keys = [...this.#held];
    this.#held = new Set();
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#summarisedAt = nowMs;
    return keys;
  }

  get dueAt(): number {
    return this.#dueAt;
  }
}
