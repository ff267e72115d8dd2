import { type Logger as PinoLogger, pino } from "pino";
import type { Clock } from "./clock.ts";

export type Logger = PinoLogger;

/** Messages go to standard error: standard output belongs to results. */
export function createLogger(program: string, level: string): Logger {
  return pino(
    { name: program, level, base: { program, pid: process.pid } },
    pino.destination({ fd: 2, sync: false }),
  );
}

export const silentLogger: Logger = pino({ level: "silent" });

/** More distinct subjects than this share one budget, so that hostile names cost no memory. */
const SUBJECTS_MAX = 256;
const OVERFLOW_SUBJECT = "(others)";

/**
 * One line a subject and interval, with the number of lines held back since: bad input costs a
 * counter, never a flooded journal.
 */
export class RateLimitedLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #subjects = new Map<string, { loggedAtMs: number; heldBack: number }>();

  constructor(log: Logger, clock: Clock, intervalMs = 10_000) {
    this.#log = log;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  warn(subject: string, fields: Record<string, unknown>, message: string): void {
    const nowMs = this.#clock.monotonic();
    const known = this.#subjects.has(subject) || this.#subjects.size < SUBJECTS_MAX;
    const key = known ? subject : OVERFLOW_SUBJECT;
    const state = this.#subjects.get(key);
    if (state && nowMs - state.loggedAtMs < this.#intervalMs) {
      state.heldBack += 1;
      return;
    }
    this.#log.warn({ ...fields, heldBack: state?.heldBack ?? 0 }, message);
    this.#subjects.set(key, { loggedAtMs: nowMs, heldBack: 0 });
  }
}
