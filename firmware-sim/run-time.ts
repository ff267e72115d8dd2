/** How long a simulator runs: until its time is over, or a signal comes. */
import { systemClock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";

/** 24 days: Node's timers go no further. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** @param seconds undefined: until the signal */
export async function sleepUnless(signal: AbortSignal, seconds: number | undefined): Promise<void> {
  const waitMs = seconds === undefined ? TIMER_MAX_MS : seconds * 1000;
  try {
    await systemClock.sleep(waitMs, { name: "run time", signal });
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}
