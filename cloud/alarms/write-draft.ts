/** Several writes of the model made into one: of what is written twice, the last counts. */
import type {
  AlarmEffects,
  AlarmState,
  AlarmWrite,
  JournalEntry,
  Maintenance,
  Notice,
  OutboxEntry,
} from "#core/alarms/contract.ts";

export class WriteDraft {
  readonly notices: Notice[] = [];
  /** Undefined for what is to be removed. */
  readonly #states = new Map<string, AlarmState | undefined>();
  readonly #maintenance = new Map<string, Maintenance | undefined>();
  readonly #journal: JournalEntry[] = [];
  readonly #outbox = new Map<string, OutboxEntry | undefined>();

  add({ write, notices }: AlarmEffects): void {
    for (const state of write.states ?? []) this.#states.set(state.key, state);
    for (const key of write.forgotten ?? []) this.#states.set(key, undefined);
    for (const window of write.maintenance ?? []) this.#maintenance.set(window.id, window);
    for (const id of write.maintenanceEnded ?? []) this.#maintenance.set(id, undefined);
    this.#journal.push(...(write.journal ?? []));
    this.addOutbox(write.outbox ?? []);
    for (const id of write.outboxDone ?? []) this.#outbox.set(id, undefined);
    this.notices.push(...notices);
  }

  addOutbox(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) this.#outbox.set(entry.id, entry);
  }

  get write(): AlarmWrite {
    const states = split(this.#states);
    const maintenance = split(this.#maintenance);
    const outbox = split(this.#outbox);
    return {
      states: states.kept,
      forgotten: states.removed,
      maintenance: maintenance.kept,
      maintenanceEnded: maintenance.removed,
      journal: this.#journal,
      outbox: outbox.kept,
      outboxDone: outbox.removed,
    };
  }
}

function split<T>(items: ReadonlyMap<string, T | undefined>): { kept: T[]; removed: string[] } {
  const kept: T[] = [];
  const removed: string[] = [];
  for (const [key, item] of items) {
    if (item === undefined) removed.push(key);
    else kept.push(item);
  }
  return { kept, removed };
}
