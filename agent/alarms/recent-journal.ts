import type { AlarmTransition } from "#core/alarm.ts";
import type { JournalEntry } from "#core/alarms/contract.ts";

export const RECENT_MAX = 1000;

/** The journal's newest entries, at hand while the disk is not. */
export class RecentJournal {
  #entries: JournalEntry[] = [];

  /** In the order of their ids. */
  add(entries: readonly JournalEntry[]): void {
    this.#entries.push(...entries);
    // Not with each entry: a shift moves them all.
    if (this.#entries.length > 2 * RECENT_MAX) this.#entries = this.#entries.slice(-RECENT_MAX);
  }

  /** What was raised and cleared within so long before the newest entry, in order. */
  transitionsOfLast(ms: number): AlarmTransition[] {
    const newestAt = this.#entries.at(-1)?.at ?? 0;
    return this.#entries.flatMap(({ kind, at, alarm }) => {
      const isTransition = kind === "raised" || kind === "cleared";
      return isTransition && alarm && newestAt - at <= ms ? [alarm] : [];
    });
  }

  /** Newest first. */
  newest(limit: number): JournalEntry[] {
    return this.#entries.slice(-Math.min(limit, RECENT_MAX)).toReversed();
  }
}
