/**
 * Notices of one channel that wait, in the order in which they were decided. Bounded: past the limit
 * some go, and one notice stands for all of them. Reminders go first, for they were told, and it does
 * not stand for them; then what is over before it was told, together with its end; then the least
 * urgent, the oldest of them first; the ends of what people know of go last. Pure.
 */
import type { Notice, OutboxEntry } from "../alarms/contract.ts";
import { rankOf } from "../alarms/priority.ts";
import { isOverflow, summedUp } from "./overflow.ts";

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
  /** Now stands for them, and is to be kept in their place; undefined where they were told before. */
  readonly summary: OutboxEntry | undefined;
}

const NO_ARRIVAL: Arrival = { superseded: [], crowdedOut: [], summary: undefined };

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

  /** @param telling id of the one that is being told, and so stays */
  add(entry: OutboxEntry, nowMs: number, telling?: string): Arrival {
    if (this.#entries.some(({ id }) => id === entry.id)) return NO_ARRIVAL;
    const superseded = this.#entries.filter((waiting) => isOvertaken(waiting, entry, nowMs));
    for (const { id } of superseded) this.remove(id);
    this.#entries.push(entry);
    return { ...this.#makeRoom(telling), superseded };
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

  #makeRoom(telling: string | undefined): Omit<Arrival, "superseded"> {
    const own = this.#entries.filter((entry) => !isOverflow(entry));
    if (own.length <= WAITING_MAX) return NO_ARRIVAL;
    const isFree = (entry: OutboxEntry): boolean => entry.id !== telling;
    const free = own.filter(isFree);
    const past = pastOf(free);
    const worths = free.map((entry) => worthOf(entry, past.has(entry.id)));
    const least = free[worths.indexOf(Math.min(...worths))];
    if (!least) return NO_ARRIVAL;
    if (least.notice.kind === "reminder") {
      this.remove(least.id);
      return { crowdedOut: [least], summary: undefined };
    }
    const gone = past.get(least.id) ?? [least];
    const before = this.#entries.find((entry) => isFree(entry) && isOverflow(entry));
    const summary = gone.reduce<OutboxEntry | undefined>(summedUp, before) ?? least;
    const place = this.#entries.findIndex(({ id }) => id === (before ?? gone[0] ?? least).id);
    this.#entries[place] = summary;
    const ids = new Set(gone.map(({ id }) => id));
    this.#entries = this.#entries.filter(({ id }) => !ids.has(id));
    return { crowdedOut: gone, summary };
  }
}

/** Of what is over before it could be told: by id of each notice, all that go with it, up to its end. */
function pastOf(entries: readonly OutboxEntry[]): Map<string, readonly OutboxEntry[]> {
  const past = new Map<string, readonly OutboxEntry[]>();
  const open = new Map<string, OutboxEntry[]>();
  for (const entry of entries) {
    const { key, kind } = entry.notice;
    if (kind === "reminder") continue;
    const together = open.get(key) ?? [];
    // An end without its beginning is that of something that people know of.
    if (ENDS.has(kind) && together.length === 0) continue;
    together.push(entry);
    open.set(key, together);
    if (kind !== "cleared") continue;
    for (const { id } of together) past.set(id, together);
    open.delete(key);
  }
  return past;
}

/** The less, the sooner it goes. Priorities count up to 3. */
function worthOf({ notice: { kind, priority } }: OutboxEntry, isPast: boolean): number {
  const rank = rankOf(priority);
  if (kind === "reminder") return rank;
  if (isPast) return 10 + rank;
  return (ENDS.has(kind) ? 30 : 20) + rank;
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
