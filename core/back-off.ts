import type { Random } from "./random.ts";

export interface BackOffSchedule {
  firstMs: number;
  maxMs: number;
  /** Each delay is this many times the one before, until `maxMs`. */
  factor?: number;
  /** The share of each delay that is drawn at random, 0..1, so that a fleet does not return at once. */
  jitter?: number;
}

/** Yields delays in milliseconds, without end: the caller decides when to give up. */
export function* backOff(
  schedule: BackOffSchedule,
  random: Random,
): Generator<number, never, void> {
  const { firstMs, maxMs, factor = 2, jitter = 0.5 } = schedule;
  let delayMs = Math.min(maxMs, firstMs);
  for (;;) {
    yield delayMs * (1 - jitter * random.next());
    delayMs = Math.min(maxMs, delayMs * factor);
  }
}
