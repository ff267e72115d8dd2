/** What the outbox has written, as the next process finds it; and a receiver that a test directs. */
import type { JournalEntry, Notice, OutboxEntry } from "#core/alarms/contract.ts";
import { DeliveryFailed, type Notifier, type OutboxWrite } from "#core/notify/contract.ts";

export class OutboxDisk {
  readonly journal: Omit<JournalEntry, "id">[] = [];
  readonly #entries = new Map<string, OutboxEntry>();
  /** Set by a test: nothing can be written. */
  isBroken = false;
  writes = 0;

  get entries(): OutboxEntry[] {
    return [...this.#entries.values()];
  }

  /** Written with what the notices tell of, by whoever keeps the alarms. */
  put(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) this.#entries.set(entry.id, entry);
  }

  commit = async ({ outbox, outboxDone, journal }: OutboxWrite): Promise<void> => {
    await Promise.resolve();
    if (this.isBroken) throw new Error("the disk is broken");
    this.writes += 1;
    this.put(outbox);
    for (const id of outboxDone) this.#entries.delete(id);
    this.journal.push(...journal);
  };
}

export const REFUSED = new DeliveryFailed("refused", { isTransient: false });
export const AWAY = new DeliveryFailed("away", { isTransient: true });

export class DirectedNotifier implements Notifier {
  readonly kind = "webhook";
  /** What was taken. */
  readonly taken: Notice[] = [];
  /** What was tried. */
  readonly tried: string[] = [];
  /** What becomes of a notice; undefined for taken. */
  outcome: (notice: Notice) => DeliveryFailed | "silence" | undefined = () => undefined;
  #atOnce = 0;

  async deliver(notice: Notice, signal: AbortSignal): Promise<void> {
    this.tried.push(notice.id);
    this.#atOnce += 1;
    if (this.#atOnce > 1) throw new Error("two at once");
    try {
      await Promise.resolve();
      const outcome = this.outcome(notice);
      if (outcome === "silence") await endOf(signal);
      else if (outcome) throw outcome;
    } finally {
      this.#atOnce -= 1;
    }
    this.taken.push(notice);
  }
}

async function endOf(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
