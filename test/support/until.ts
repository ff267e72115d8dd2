import { setTimeout as delay } from "node:timers/promises";

const DEADLINE_MS = 10_000;
const STEP_MS = 10;

/** Polls until the sockets have done their part; fails after ten seconds. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < DEADLINE_MS; waitedMs += STEP_MS) {
    if (await isTrue()) return;
    await delay(STEP_MS);
  }
  throw new Error("did not come true in time");
}
