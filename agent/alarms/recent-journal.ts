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

  /** Newest first. */
  newest(limit: number): JournalEntry[] {
    return this.#entries.slice(-Math.min(limit, RECENT_MAX)).toReversed();
  }
}
