/** Whether a unit is there, and what it holds. */
import type { GuestLink } from "#agent/sources/modbus/link.ts";
import type { Clock } from "#core/clock.ts";
import type { ReadSpan } from "./recognise.ts";

/** A gateway answers for a unit that is silent (v1.1b3, section 7). */
const NOBODY_THERE: ReadonlySet<number> = new Set([10, 11]);

/**
 * Any answer will do, also the exception of a device that has no such register: only silence means
 * that nobody is there.
 */
export async function isThere(link: GuestLink, unit: number, timeoutMs: number): Promise<boolean> {
  const request = { unit, table: "holding", start: 0, size: 1, timeoutMaxMs: timeoutMs } as const;
  const outcome = await link.read(request, timeoutMs);
  if (outcome.kind === "exception") return !NOBODY_THERE.has(outcome.code);
  return outcome.kind === "answer" || outcome.kind === "malformed";
}

/** How often a unit that is known to be there is asked for the same: noise costs an answer now and then. */
const ATTEMPTS = 3;

export function spanReader(
  link: GuestLink,
  unit: number,
  timeoutMs: number,
  clock: Clock,
): ReadSpan {
  return async (span) => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const request = { unit, ...span, timeoutMaxMs: timeoutMs };
      const outcome = await link.read(request, timeoutMs);
      if (outcome.kind === "answer") return outcome.data;
      if (outcome.kind === "exception") return undefined;
      // A unit that owes an answer is not asked for so long.
      await clock.sleep(2 * timeoutMs, { name: "owed answer" });
    }
    return undefined;
  };
}
