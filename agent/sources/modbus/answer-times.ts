/**
 * How long a device takes to answer, learned from its answers, so that asking a silent one costs
 * little more than asking a live one.
 */

/** The slowest answer counts fully at first, and fades as faster ones come. */
const FADING = 0.02;
const PROBE_MARGIN = 4;
const PROBE_TIMEOUT_MIN_MS = 50;

export class AnswerTimes {
  #slowestMs: number | undefined;

  /** False until the first answer. */
  get areKnown(): boolean {
    return this.#slowestMs !== undefined;
  }

  add(durationMs: number): void {
    const before = this.#slowestMs ?? durationMs;
    this.#slowestMs = durationMs >= before ? durationMs : before + FADING * (durationMs - before);
  }

  /** How long to wait for a device that probably will not answer. */
  probeTimeoutMs(timeoutMs: number): number {
    if (this.#slowestMs === undefined) return timeoutMs;
    return Math.min(timeoutMs, Math.max(PROBE_TIMEOUT_MIN_MS, PROBE_MARGIN * this.#slowestMs));
  }
}
