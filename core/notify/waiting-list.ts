/**
 * Notices of one channel that wait, in the order in which they were decided. Bounded: past the limit
 * the least urgent go, the oldest of them first. Pure.
 */
import type { Notice, OutboxEntry } from "../alarms/contract.ts";
import { rankOf } from "../alarms/priority.ts";

const WAITING_MAX = 1000;

/** What nobody asks about: it is told once, and not again while it stands. */
const ENDS: ReadonlySet<Notice["kind"]> = new Set(["cleared", "acknowledged", "test"]);

/** The wall clock of a gateway may be set back by years: nothing waits for longer than this. */
const HELD_MS_MAX = 8 * 24 * 3_600_000;

export interface Arrival {
  /** Need not be told any more, because of what arrived. */
  readonly superseded: readonly OutboxEntry[];
  /** For which there is no room. */
  readonly crowdedOut: readonly OutboxEntry[];
}

export class WaitingList {
  #entries: OutboxEntry[] = [];

  get length(): number {
    return this.#entries.length;
  }

  /** What waited when the process ended: its order is that of its making. */
  restore(kept: readonly OutboxEntry[]): void {
    this.#entries = kept.toSorted(
      (a, b) =>
        a.notice.at - b.notice.at ||
        Number(ENDS.has(a.notice.kind)) - Number(ENDS.has(b.notice.kind)),
    );
  }

  add(entry: OutboxEntry, nowMs: number): Arrival {
    if (this.#entries.some(({ id }) => id === entry.id)) return { superseded: [], crowdedOut: [] };
    const superseded = this.#entries.filter((waiting) => isOvertaken(waiting, entry, nowMs));
    for (const { id } of superseded) this.remove(id);
    this.#entries.push(entry);
    const excess = this.#entries.length > WAITING_MAX ? this.#leastUrgent() : undefined;
    if (excess) this.remove(excess.id);
    return { superseded, crowdedOut: excess ? [excess] : [] };
  }

  /** The first that may be told now. */
  next(nowMs: number): OutboxEntry | undefined {
    return this.#entries.find((entry) => waitMs(entry, nowMs) <= 0);
  }

  /** Until the next may be told; undefined when none waits. */
  nextInMs(nowMs: number): number | undefined {
    const waits = this.#entries.map((entry) => waitMs(entry, nowMs));
    return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
  }

  replace(entry: OutboxEntry): void {
    this.#entries = this.#entries.map((other) => (other.id === entry.id ? entry : other));
  }

  remove(id: string): void {
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
  }

  /** All that were decided before. */
  olderThan(atMs: number): OutboxEntry[] {
    return this.#entries.filter(({ notice }) => notice.at < atMs);
  }

  /** The longest time until an entry that failed may be tried again. */
  retryInMs(nowMs: number): number {
    const waits = this.#entries.filter(({ attempts }) => attempts > 0);
    return Math.max(0, ...waits.map(({ dueAt }) => dueAt - nowMs));
  }

  #leastUrgent(): OutboxEntry | undefined {
    const ranks = this.#entries.map(({ notice }) => rankOf(notice.priority));
    return this.#entries[ranks.indexOf(Math.min(...ranks))];
  }
}

/** How long it is held back. The pause of a channel that fails is another matter. */
function waitMs({ attempts, dueAt }: OutboxEntry, nowMs: number): number {
  const heldMs = dueAt - nowMs;
  return attempts > 0 || heldMs > HELD_MS_MAX ? 0 : heldMs;
}

/**
 * A reminder of what is over or taken on; and what was held back by quiet hours and is over before
 * they are: its end says from when to when it was.
 */
function isOvertaken(waiting: OutboxEntry, { notice }: OutboxEntry, nowMs: number): boolean {
  if (!ENDS.has(notice.kind) || waiting.notice.key !== notice.key) return false;
  if (waiting.notice.kind === "reminder") return true;
  const isHeld = waiting.attempts === 0 && waiting.dueAt > nowMs;
  return notice.kind === "cleared" && isHeld && !ENDS.has(waiting.notice.kind);
}

/** Whether somebody has yet to say that he sees to it. */
export function asksForAnswer({ kind }: Notice): boolean {
  return !ENDS.has(kind);
}
