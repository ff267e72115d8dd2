import type { AlarmPriority } from "../alarm.ts";

const RANKS: Readonly<Record<AlarmPriority, number>> = { low: 0, medium: 1, high: 2, critical: 3 };

/** The more urgent, the larger. */
export function rankOf(priority: AlarmPriority): number {
  return RANKS[priority];
}

export function mostUrgent(priorities: readonly AlarmPriority[]): AlarmPriority {
  let found: AlarmPriority = "low";
  for (const priority of priorities) if (rankOf(priority) > rankOf(found)) found = priority;
  return found;
}

/** Worth telling whatever else goes on. */
export function isUrgent(priority: AlarmPriority): boolean {
  return rankOf(priority) >= RANKS.high;
}
