/** Collects what one call of the model changes. */
import type { AlarmEffects, AlarmState, JournalEntry, Maintenance, Notice } from "./contract.ts";

export class EffectsDraft {
  readonly nowMs: number;
  readonly notices: Notice[] = [];
  readonly #nextId: () => number;
  readonly #states = new Map<string, AlarmState>();
  readonly #forgotten = new Set<string>();
  readonly #journal: JournalEntry[] = [];
  readonly #maintenance: Maintenance[] = [];
  readonly #maintenanceEnded: string[] = [];

  constructor(nowMs: number, nextId: () => number) {
    this.nowMs = nowMs;
    this.#nextId = nextId;
  }

  /** Only the last state of an alarm is written. */
  put(state: AlarmState): void {
    this.#forgotten.delete(state.key);
    this.#states.set(state.key, state);
  }

  forget(key: string): void {
    this.#states.delete(key);
    this.#forgotten.add(key);
  }

  enter(entry: Omit<JournalEntry, "id" | "at">): void {
    this.#journal.push({ id: this.#nextId(), at: this.nowMs, ...entry });
  }

  begin(window: Maintenance): void {
    this.#maintenance.push(window);
    this.#enterWindow("maintenance-begun", window, window);
  }

  end(window: Maintenance, whom: { by: string; note: string }): void {
    this.#maintenanceEnded.push(window.id);
    this.#enterWindow("maintenance-ended", window, whom);
  }

  states(): IterableIterator<AlarmState> {
    return this.#states.values();
  }

  effects(): AlarmEffects {
    return {
      write: {
        states: [...this.#states.values()],
        forgotten: [...this.#forgotten],
        maintenance: this.#maintenance,
        maintenanceEnded: this.#maintenanceEnded,
        journal: this.#journal,
      },
      notices: this.notices,
    };
  }

  #enterWindow(
    kind: "maintenance-begun" | "maintenance-ended",
    { id, devices }: Maintenance,
    { by, note }: { by: string; note: string },
  ): void {
    const of = devices.join(", ");
    this.enter({ kind, key: id, by, note: note === "" ? of : `${of}: ${note}` });
  }
}
