/** Waits until nothing is under way any more. */
import type { Clock } from "#core/clock.ts";
import type { Pulse } from "./pulse.ts";

const LOOK_EVERY_MS = 500;
/** One look may see a sink that still shows how far it had read a hub that is gone. */
const LOOKS = 3;
/** Without any progress for this long, what is missing will not come. */
const STALL_MS = 60_000;

/** False when it was given up; the comparison then shows what is missing. */
export async function drain(pulse: Pulse, clock: Clock): Promise<boolean> {
  let changedAtMs = clock.monotonic();
  let before = "";
  for (let drained = 0; drained < LOOKS; ) {
    drained = (await pulse.isDrained()) ? drained + 1 : 0;
    const state = `${pulse.agent?.bufferBytes} ${pulse.committed} ${drained}`;
    if (state !== before) changedAtMs = clock.monotonic();
    before = state;
    if (clock.monotonic() - changedAtMs > STALL_MS) return false;
    await clock.sleep(LOOK_EVERY_MS, { name: "drain" });
  }
  return true;
}
