/** When `--chaos` kills whom: each program once, in a seeded order, at seeded moments. */
import { type Random, shuffled } from "#core/random.ts";

export interface Kill<Program extends string> {
  program: Program;
  afterMs: number;
}

/** The kills of a run without an end fall within its first minute. */
const ENDLESS_MS = 60_000;

/** Each program has a slot of its own, so that it is up again, as a rule, before the next is hit. */
export function scheduleKills<Program extends string>(
  programs: readonly Program[],
  runMs: number | undefined,
  random: Random,
): Kill<Program>[] {
  const order = shuffled(programs, random);
  const spanMs = runMs ?? ENDLESS_MS;
  // The first and the last eighth are left alone: a kill is to hit a running system.
  const slotMs = (spanMs * 0.75) / Math.max(1, order.length);
  return order.map((program, slot) => ({
    program,
    afterMs: Math.round(spanMs / 8 + slotMs * (slot + 0.6 * random.next())),
  }));
}
