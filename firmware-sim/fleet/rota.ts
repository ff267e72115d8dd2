/**
 * Whose turn it is: a wheel with one place a member, each once a period, evenly spread. One cursor
 * serves any number of members, so a fleet needs one timer, not one a device.
 *
 * A process that was late makes up for missed turns up to `catchUpMs`; what lies further back is
 * skipped and counted.
 */
export interface RotaSettings {
  /** Members, numbered from 0. */
  members: number;
  periodMs: number;
  catchUpMs: number;
}

export class Rota {
  readonly #members: number;
  readonly #spacingMs: number;
  readonly #turnsMax: number;
  #startMs = 0;
  #cursor = 0;
  #skipped = 0;

  constructor(settings: RotaSettings) {
    this.#members = settings.members;
    this.#spacingMs = settings.periodMs / Math.max(1, settings.members);
    this.#turnsMax = Math.max(settings.members, Math.ceil(settings.catchUpMs / this.#spacingMs));
  }

  /** Begins at `nowMs`, on the monotonic scale. */
  start(nowMs: number): void {
    this.#startMs = nowMs;
    this.#cursor = 0;
  }

  /** Turns that were never taken, because they were too late. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Calls `run` for each turn that is due, with how late it is. */
  takeDue(nowMs: number, run: (member: number, lateMs: number) => void): void {
    if (this.#members === 0) return;
    const due = Math.floor((nowMs - this.#startMs) / this.#spacingMs) + 1;
    const excess = due - this.#cursor - this.#turnsMax;
    if (excess > 0) {
      this.#skipped += excess;
      this.#cursor += excess;
    }
    while (this.#cursor < due) {
      const lateMs = nowMs - (this.#startMs + this.#cursor * this.#spacingMs);
      run(this.#cursor % this.#members, lateMs);
      this.#cursor += 1;
    }
  }
}
