import type { AlarmTransition } from "#core/alarm.ts";

const KEPT_MAX = 1000;

const NONE: readonly AlarmTransition[] = Object.freeze([]);

/**
 * Transitions whose batch the buffer refused: they were raised here, so they must reach the sink
 * too, with a later batch. Past the limit the oldest go, and are counted.
 */
export class UnsentTransitions {
  #kept: AlarmTransition[] = [];
  #lost = 0;

  get lost(): number {
    return this.#lost;
  }

  get isEmpty(): boolean {
    return this.#kept.length === 0;
  }

  keep(transitions: readonly AlarmTransition[]): void {
    if (transitions.length === 0) return;
    this.#kept.push(...transitions);
    const excess = this.#kept.length - KEPT_MAX;
    if (excess <= 0) return;
    this.#kept.splice(0, excess);
    this.#lost += excess;
  }

  /** All that are kept, oldest first; they are the caller's now. */
  take(): readonly AlarmTransition[] {
    if (this.#kept.length === 0) return NONE;
    const taken = this.#kept;
    this.#kept = [];
    return taken;
  }
}
