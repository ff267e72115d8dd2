import { systemClock } from "#core/clock.ts";

/** Polls until the condition holds; for real sockets, whose time no test owns. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = systemClock.monotonic() + 10_000;
  while (!condition()) {
    if (systemClock.monotonic() > deadlineMs) throw new Error(`waited in vain: ${what}`);
    await systemClock.sleep(5, { name: what });
  }
}
