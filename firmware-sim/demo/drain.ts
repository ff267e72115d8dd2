/** Waits until nothing is under way any more: the agent holds nothing, the sink committed all. */
import type { Clock } from "#core/clock.ts";
import type { Figures } from "./watch.ts";

const POLL_MS = 200;
/** Without any progress for this long, what is missing will not come. */
const STALL_MS = 30_000;
/** And never longer than this. */
const DEADLINE_MS = 300_000;

/**
 * Call it when the devices are quiet: what they were promised is then in the agent's counters.
 * False when it was given up; the comparison then shows what is missing.
 */
export async function drain(
  look: () => Promise<Figures | undefined>,
  clock: Clock,
): Promise<boolean> {
  const startMs = clock.monotonic();
  let changedAtMs = startMs;
  let before = "";
  for (;;) {
    const figures = await look();
    if (figures && isDrained(figures)) return true;
    const nowMs = clock.monotonic();
    const state = figures ? `${figures.agent.bufferBytes} ${figures.sink.committed}` : "down";
    if (state !== before) changedAtMs = nowMs;
    before = state;
    if (nowMs - changedAtMs > STALL_MS || nowMs - startMs > DEADLINE_MS) return false;
    await clock.sleep(POLL_MS, { name: "drain" });
  }
}

function isDrained({ agent, sink }: Figures): boolean {
  const stored = Object.values(agent.storedBySource).reduce((sum, readings) => sum + readings, 0);
  return agent.bufferSegments === 0 && sink.committed >= stored;
}
