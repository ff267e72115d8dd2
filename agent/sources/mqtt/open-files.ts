/**
 * How many connections this process may hold open: not so many that nothing is left for the buffer's
 * files, the uplink and the buses. A process without descriptors can neither store nor send.
 */
import { readFileSync } from "node:fs";

const RESERVED = 256;

/** Unlimited where the system does not say (it is not Linux). */
export function connectionsAllowed(): number {
  try {
    return connectionsWithin(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** @param limits what Linux says in /proc/self/limits */
export function connectionsWithin(limits: string): number {
  const soft = /^Max open files\s+(\d+)\s/m.exec(limits)?.[1];
  if (soft === undefined) return Number.POSITIVE_INFINITY;
  // On a system that allows next to nothing, half has to do.
  return Math.max(Number(soft) - RESERVED, Math.floor(Number(soft) / 2));
}
