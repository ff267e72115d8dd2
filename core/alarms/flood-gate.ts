/**
 * Lets so many notices pass within a window; what comes beyond is collected for one summary. The
 * first summary waits a little for the flood to come in, the next ones for longer.
 */

/** More notices than these within the window are a flood. */
export interface GateLimits {
  readonly notices: number;
  readonly windowMs: number;
}

export interface SummaryPace {
  readonly firstMs: number;
  /** At least so long after the last one. */
  readonly nextMs: (windowMs: number) => number;
}

export class FloodGate {
  readonly #pace: SummaryPace;
  #passed: number[] = [];
  #held = new Set<string>();
  #heldSince = 0;
  #dueAt = Number.POSITIVE_INFINITY;
  #summarisedAt = Number.NEGATIVE_INFINITY;

  constructor(pace: SummaryPace) {
    this.#pace = pace;
  }

  /** Counts it when it may pass. */
  admits(limits: GateLimits, nowMs: number): boolean {
    this.#forgetBefore(limits, nowMs);
    if (this.#passed.length >= limits.notices) return false;
    this.#passed.push(nowMs);
    return true;
  }

  /** Of one that passes in any case. */
  count(limits: GateLimits, nowMs: number): void {
    this.#forgetBefore(limits, nowMs);
    this.#passed.push(nowMs);
    if (this.#passed.length > limits.notices) this.#passed.shift();
  }

  hold(key: string, { windowMs }: GateLimits, nowMs: number): void {
    if (this.#held.size === 0) {
      this.#heldSince = nowMs;
      const nextAt = this.#summarisedAt + this.#pace.nextMs(windowMs);
      const isNext = nowMs < nextAt && nowMs >= this.#summarisedAt;
      this.#dueAt = Math.max(nowMs + this.#pace.firstMs, isNext ? nextAt : nowMs);
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

  /** Times ahead are from before the clock was set back. */
  #forgetBefore({ windowMs }: GateLimits, nowMs: number): void {
    this.#passed = this.#passed.filter((at) => at <= nowMs && nowMs - at < windowMs);
  }
}
