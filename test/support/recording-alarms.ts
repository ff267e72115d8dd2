/** Stands for the alarms' desk: takes all in, and says what it heard. */
import type { LocalAlarms, Taken } from "#agent/alarms/contract.ts";
import { type AlarmTransition, alarmKey } from "#core/alarm.ts";
import type { AlarmPlace } from "#core/alarms/state-key.ts";

export class RecordingAlarms implements LocalAlarms {
  readonly #active = new Map<string, AlarmTransition>();
  readonly #heard: AlarmTransition[] = [];
  /** Until it resolves, nothing is kept. */
  kept: Promise<unknown> = Promise.resolve();

  isActive(place: AlarmPlace): boolean {
    return this.#active.has(alarmKey(place));
  }

  active(): AlarmTransition[] {
    return [...this.#active.values()];
  }

  take(transitions: readonly AlarmTransition[]): Taken {
    const news = transitions.filter((transition) => this.#takeOne(transition));
    return { taken: transitions, news, kept: this.kept };
  }

  get activeCount(): number {
    return this.#active.size;
  }

  get raised(): number {
    return this.#heard.filter(({ state }) => state === "active").length;
  }

  /** All transitions, newest first. */
  journal(): AlarmTransition[] {
    return this.#heard.toReversed();
  }

  #takeOne(transition: AlarmTransition): boolean {
    const wasActive = this.isActive(transition);
    this.#heard.push(transition);
    const key = alarmKey(transition);
    if (transition.state === "active") this.#active.set(key, transition);
    else this.#active.delete(key);
    return wasActive !== this.isActive(transition);
  }
}
