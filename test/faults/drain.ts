/** Waits until nothing is under way any more. */
import type { Clock } from "#core/clock.ts";
import type { Pulse } from "./pulse.ts";

const LOOK_EVERY_MS = 500;
/** Without any progress for this long, what is missing will not come. */
const STALL_MS = 60_000;

/** False when it was given up; the comparison then shows what is missing. */
export async function drain(pulse: Pulse, clock: Clock): Promise<boolean> {
  let changedAtMs = clock.monotonic();
  let before = "";
  while (!(await pulse.isDrained())) {
    const state = `${pulse.agent?.bufferBytes} ${pulse.committed}`;
    if (state !== before) changedAtMs = clock.monotonic();
    before = state;
    if (clock.monotonic() - changedAtMs > STALL_MS) return false;
    await clock.sleep(LOOK_EVERY_MS, { name: "drain" });
  }
  return true;
}
