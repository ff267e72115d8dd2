/** What the alarms' journal says of a channel: it outlives the process that told. Pure. */
import type { JournalEntry } from "../alarms/contract.ts";

export interface ToldInJournal {
  /** Milliseconds since 1970; null for not within these entries. So below. */
  readonly lastTold: number | null;
  readonly lastGivenUp: number | null;
  /** Why it was given up. */
  readonly reason: string | null;
}

/** @param journal newest first */
export function toldInJournal(address: string, journal: readonly JournalEntry[]): ToldInJournal {
  const start = `${address}: `;
  const told = journal.find(({ kind, note }) => kind === "notified" && note === address);
  const failed = journal.find(
    ({ kind, note }) => kind === "notification-failed" && note?.startsWith(start),
  );
  return {
    lastTold: told?.at ?? null,
    lastGivenUp: failed?.at ?? null,
    reason: failed?.note?.slice(start.length) ?? null,
  };
}
