/**
 * Which alarms are active, and the last transitions. Active alarms are bounded by the number of
 * series and their rules; the journal by its length, the oldest leaves.
 */
import { type AlarmTransition, alarmKey } from "#core/alarm.ts";

const JOURNAL_MAX = 1000;

export class AlarmBook {
  readonly #active = new Map<string, AlarmTransition>();
  readonly #journal: AlarmTransition[] = [];
  #oldest = 0;
  #raised = 0;

  enter(transition: AlarmTransition): void {
    const key = alarmKey(transition);
    if (transition.state === "active") {
      this.#active.set(key, transition);
      this.#raised += 1;
    } else {
      this.#active.delete(key);
    }
    if (this.#journal.length < JOURNAL_MAX) {
      this.#journal.push(transition);
    } else {
      this.#journal[this.#oldest] = transition;
      this.#oldest = (this.#oldest + 1) % JOURNAL_MAX;
    }
  }

  isActive(alarm: Pick<AlarmTransition, "device" | "tag" | "rule">): boolean {
    return this.#active.has(alarmKey(alarm));
  }

  /** How often an alarm became active. */
  get raised(): number {
    return this.#raised;
  }

  get activeCount(): number {
    return this.#active.size;
  }

  /** The transitions that made the active alarms active, oldest first. */
  active(): AlarmTransition[] {
    return [...this.#active.values()];
  }

  /** The last transitions, newest first. */
  journal(): AlarmTransition[] {
    const inOrder = [...this.#journal.slice(this.#oldest), ...this.#journal.slice(0, this.#oldest)];
    return inOrder.toReversed();
  }
}
