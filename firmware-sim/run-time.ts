/** How long a simulator runs: until its time is over, or a signal comes. */
import { systemClock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";

/** 24 days: Node's timers go no further. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Fires at the first SIGTERM or SIGINT. A second one ends the process at once, as ever. */
export function endSignal(): AbortSignal {
  const signalled = new AbortController();
  const stop = (): void => {
    process.off("SIGTERM", stop);
    process.off("SIGINT", stop);
    signalled.abort();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  return signalled.signal;
}

/** @param seconds undefined: until the signal */
export async function sleepUnless(signal: AbortSignal, seconds: number | undefined): Promise<void> {
  const waitMs = seconds === undefined ? TIMER_MAX_MS : seconds * 1000;
  try {
    await systemClock.sleep(waitMs, { name: "run time", signal });
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}
