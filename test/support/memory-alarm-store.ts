/** Keeps alarms in memory as a store would on disk: what comes out was JSON meanwhile. */
import type {
  AlarmState,
  AlarmStore,
  AlarmWrite,
  JournalEntry,
  JournalQuery,
  KeptAlarms,
  Maintenance,
  OutboxEntry,
} from "#core/alarms/contract.ts";

export class MemoryAlarmStore implements AlarmStore {
  readonly states = new Map<string, AlarmState>();
  readonly outbox = new Map<string, OutboxEntry>();
  readonly entries: JournalEntry[] = [];
  readonly #windows = new Map<string, Maintenance>();

  async load(): Promise<KeptAlarms> {
    return this.kept();
  }

  async commit(write: AlarmWrite): Promise<void> {
    this.apply(write);
  }

  async journal({
    before = Number.POSITIVE_INFINITY,
    limit,
    key,
  }: JournalQuery): Promise<readonly JournalEntry[]> {
    return this.entries
      .filter((entry) => entry.id < before && (key === undefined || entry.key === key))
      .toReversed()
      .slice(0, limit);
  }

  kept(): KeptAlarms {
    return copied({
      states: [...this.states.values()],
      maintenance: [...this.#windows.values()],
      outbox: [...this.outbox.values()],
      lastJournalId: this.entries.at(-1)?.id ?? 0,
    });
  }

  apply(given: AlarmWrite): void {
    const write = copied(given);
    for (const state of write.states ?? []) this.states.set(state.key, state);
    for (const key of write.forgotten ?? []) this.states.delete(key);
    for (const window of write.maintenance ?? []) this.#windows.set(window.id, window);
    for (const id of write.maintenanceEnded ?? []) this.#windows.delete(id);
    this.entries.push(...(write.journal ?? []));
    for (const entry of write.outbox ?? []) this.outbox.set(entry.id, entry);
    for (const id of write.outboxDone ?? []) this.outbox.delete(id);
  }
}

function copied<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
