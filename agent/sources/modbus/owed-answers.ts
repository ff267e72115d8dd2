/**
 * Which units may still send an answer that was given up. Where answers carry no transaction id, a
 * late one would be taken for the answer to the next request to the same unit, so that unit is not
 * asked before the late one has come, or can come no more. Pure.
 */

/** An answer that takes more than twice its time-out is not expected any more. */
const LATENESS = 2;

export class OwedAnswers {
  /** At most one entry a unit id. */
  readonly #untilMs = new Map<number, number>();

  /** @param timeoutMs the device's full time-out */
  givenUp(unit: number, askedAtMs: number, timeoutMs: number): void {
    this.#untilMs.set(unit, askedAtMs + LATENESS * timeoutMs);
  }

  /** Something came from this unit while nobody waited for it. */
  arrived(unit: number | undefined): void {
    if (unit !== undefined) this.#untilMs.delete(unit);
  }

  isOwed(unit: number, nowMs: number): boolean {
    const untilMs = this.#untilMs.get(unit);
    return untilMs !== undefined && nowMs < untilMs;
  }
}
