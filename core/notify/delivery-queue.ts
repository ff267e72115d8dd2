/**
 * Brings the notices of one channel to their receiver, one after the other. A receiver that fails is
 * tried again ever less often, and what waits behind keeps its order; what it refuses for good, or
 * could not be told for a day, is given up, and the journal says so.
 */
import type { JournalEntry, Notice, OutboxEntry } from "../alarms/contract.ts";
import { backOff } from "../back-off.ts";
import type { Clock } from "../clock.ts";
import type { RateLimitedLog } from "../log.ts";
import type { Random } from "../random.ts";
import type { ChannelHealth } from "./channel-health.ts";
import { type DeliveryFailed, failureOf, type Notifier } from "./contract.ts";
import { withDeadline } from "./deadline.ts";
import { oneLine } from "./one-line.ts";
import type { OutboxBook } from "./outbox-book.ts";
import { entryFor } from "./routing.ts";
import { asksForAnswer, WaitingList } from "./waiting-list.ts";

export interface QueueOptions {
  /** Of the channel: `shift.webhook`. */
  readonly address: string;
  readonly notifier: Notifier;
  /** What nobody has acknowledged is told again after this time. */
  readonly repeatMs: number | undefined;
  /** Somebody has yet to acknowledge what the notice tells of. */
  readonly isOpen: (notice: Notice) => boolean;
  readonly book: OutboxBook;
  readonly health: ChannelHealth;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: RateLimitedLog;
}

const RETRY = { firstMs: 1000, maxMs: 5 * 60_000 };
export const DELIVERY_MS_MAX = 30_000;

/** So old, and tried so often: a clock that is set forward alone makes nothing old. */
const GIVEN_UP_AGE_MS = 24 * 3_600_000;
const GIVEN_UP_ATTEMPTS = 20;

/** The wall clock may be set while something is held back. */
const LOOK_EVERY_MS = 60_000;

export class DeliveryQueue {
  readonly #options: QueueOptions;
  readonly #waiting = new WaitingList();
  readonly #stopping = new AbortController();
  #delays: Iterator<number, never, void>;
  #pausedUntilMs = 0;
  /** Id of what is being told. */
  #telling: string | undefined;
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#delays = backOff(RETRY, options.random);
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** @param kept what waited when the last process ended */
  start(kept: readonly OutboxEntry[]): void {
    const { clock } = this.#options;
    this.#waiting.restore(kept);
    const pauseMs = Math.min(RETRY.maxMs, this.#waiting.retryInMs(clock.now()));
    this.#pausedUntilMs = clock.monotonic() + pauseMs;
    this.#running = this.#run();
  }

  /** What is being told is broken off, and told again by the next process. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    await this.#running;
  }

  /** Its receiver is known to work, or was mended: what waits is tried now. */
  resume(): void {
    this.#delays = backOff(RETRY, this.#options.random);
    this.#pausedUntilMs = 0;
    this.#wake?.();
  }

  add(entry: OutboxEntry): void {
    this.#enter(entry);
    this.#wake?.();
  }

  #enter(entry: OutboxEntry): void {
    const { clock, book, address } = this.#options;
    const { superseded, crowdedOut, summary } = this.#waiting.add(
      entry,
      clock.now(),
      this.#telling,
    );
    const done = [...superseded, ...crowdedOut];
    if (done.length === 0) return;
    const became = summary ? "it is told in sum" : "it is not told again";
    const note = `${address}: too many others wait to be told: ${became}`;
    book.enter({
      outboxDone: done.map(({ id }) => id),
      outbox: summary ? [summary] : [],
      journal: crowdedOut.map(({ notice }) =>
        this.#journalled("notification-failed", notice, note),
      ),
    });
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const pauseMs = this.#pausedUntilMs - clock.monotonic();
      const next = pauseMs > 0 ? undefined : this.#waiting.next(clock.now());
      if (next) {
        this.#telling = next.id;
        await this.#attempt(next);
        this.#telling = undefined;
      } else await this.#idle(pauseMs);
    }
  }

  /** Until something arrives, or falls due. */
  async #idle(pauseMs: number): Promise<void> {
    const { clock, address } = this.#options;
    const dueInMs = this.#waiting.nextInMs(clock.now());
    const woken = Promise.withResolvers<void>();
    this.#wake = woken.resolve;
    const waitMs = Math.min(LOOK_EVERY_MS, Math.max(pauseMs, dueInMs ?? 0));
    const timer =
      dueInMs === undefined
        ? undefined
        : clock.after(`notices of ${address}`, waitMs, woken.resolve);
    await woken.promise;
    timer?.cancel();
    this.#wake = undefined;
  }

  async #attempt(entry: OutboxEntry): Promise<void> {
    const { notifier, isOpen, clock, health } = this.#options;
    const { notice, id } = entry;
    const { signal } = this.#stopping;
    if (notice.kind === "reminder" && !isOpen(notice)) {
      this.#waiting.remove(id);
      this.#options.book.enter({ outboxDone: [id] });
      return;
    }
    try {
      await withDeadline(clock, "delivery", DELIVERY_MS_MAX, signal, (both) =>
        notifier.deliver(notice, both),
      );
    } catch (error) {
      if (!signal.aborted) this.#failed(entry, failureOf(error));
      return;
    }
    health.succeeded();
    this.#delays = backOff(RETRY, this.#options.random);
    this.#delivered(entry);
  }

  #delivered({ id, notice }: OutboxEntry): void {
    const { address, book, clock, repeatMs } = this.#options;
    this.#waiting.remove(id);
    const isRepeated = repeatMs !== undefined && asksForAnswer(notice);
    const reminder = isRepeated ? reminderOf(notice, clock.now() + repeatMs) : undefined;
    const again = reminder && entryFor(reminder, address, reminder.at);
    book.enter({
      outboxDone: [id],
      outbox: again ? [again] : [],
      journal: [this.#journalled("notified", notice, address)],
    });
    if (again) this.#enter(again);
  }

  #failed(entry: OutboxEntry, error: DeliveryFailed): void {
    const { address, notifier, health, clock, book, log } = this.#options;
    const fields = { channel: address, code: error.code, reason: error.message };
    log.warn(address, fields, `a notice was not taken (${notifier.kind})`);
    health.failedWith(error);
    if (!error.isTransient) return this.#giveUp([entry], error.message);
    const delayMs = Math.max(this.#delays.next().value, error.retryAfterMs ?? 0);
    this.#pausedUntilMs = clock.monotonic() + delayMs;
    const nowMs = clock.now();
    const later = { ...entry, attempts: entry.attempts + 1, dueAt: nowMs + delayMs };
    const isTooOld = nowMs - entry.notice.at > GIVEN_UP_AGE_MS;
    if (later.attempts >= GIVEN_UP_ATTEMPTS && isTooOld) {
      const old = this.#waiting.olderThan(nowMs - GIVEN_UP_AGE_MS);
      return this.#giveUp(old, `for a day: ${error.message}`);
    }
    this.#waiting.replace(later);
    book.enter({ outbox: [later] });
  }

  #giveUp(entries: readonly OutboxEntry[], reason: string): void {
    if (entries.length === 0) return;
    const { address, book } = this.#options;
    for (const { id } of entries) this.#waiting.remove(id);
    const note = `${address}: ${reason}`;
    book.enter({
      outboxDone: entries.map(({ id }) => id),
      journal: entries.map(({ notice }) => this.#journalled("notification-failed", notice, note)),
    });
  }

  #journalled(
    kind: "notified" | "notification-failed",
    { key }: Notice,
    note: string,
  ): Omit<JournalEntry, "id"> {
    const at = this.#options.clock.now();
    return { at, kind, key, by: "penstock", note: oneLine(note, NOTE_MAX) };
  }
}

const NOTE_MAX = 500;

const AGAIN = /\/again\/(\d+)$/;
const STILL = "Still unacknowledged: ";

/** The same notice once more, under an id of its own. */
function reminderOf(notice: Notice, at: number): Notice {
  const { id, title } = notice;
  const count = Number(AGAIN.exec(id)?.[1] ?? 0) + 1;
  return {
    ...notice,
    id: `${id.replace(AGAIN, "")}/again/${count}`,
    kind: "reminder",
    at,
    title: title.startsWith(STILL) ? title : STILL + title,
  };
}
