/** Whether a unit is there, and of which kind it is. */
import type { GuestLink } from "#agent/sources/modbus/link.ts";

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
