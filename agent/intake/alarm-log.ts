/**
 * Alarms in the program's log, one line each. A flood of them (a bus dies, a thousand values jump)
 * costs a bounded number of lines and then a count: the journal holds the alarms themselves.
 */
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";

const LINES_MAX = 50;
const INTERVAL_MS = 10_000;

export class AlarmLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  #intervalStartMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #heldBack = 0;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  write(transition: AlarmTransition): void {
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#intervalStartMs >= INTERVAL_MS) {
      this.#intervalStartMs = nowMs;
      this.#lines = 0;
    }
    if (this.#lines >= LINES_MAX) {
      this.#heldBack += 1;
      return;
    }
    this.#lines += 1;
    const { id, device, tag, rule, state, priority, ts, value, expected } = transition;
    const fields = { id, device, tag, rule, state, priority, ts, value, expected };
    const heldBack = this.#heldBack > 0 ? { heldBack: this.#heldBack } : {};
    this.#heldBack = 0;
    this.#log.warn({ alarm: fields, ...heldBack }, transition.message);
  }
}
