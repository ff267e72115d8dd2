/**
 * Alarms that wait for others like them, by what they have in common. The wait does not grow: who
 * comes later joins, or opens the next one.
 */

interface Waiting {
  readonly openedAt: number;
  dueAt: number;
  readonly keys: Set<string>;
}

export class Gathering {
  readonly #waiting = new Map<string, Waiting>();

  add(scope: string, key: string, nowMs: number, waitMs: number): void {
    const open = this.#waiting.get(scope);
    const dueAt = nowMs + waitMs;
    if (!open) {
      this.#waiting.set(scope, { openedAt: nowMs, dueAt, keys: new Set([key]) });
      return;
    }
    open.keys.add(key);
    open.dueAt = Math.min(open.dueAt, dueAt);
  }

  /** The keys of each group whose wait is over, in the order of their opening. */
  takeDue(nowMs: number): string[][] {
    const due: string[][] = [];
    for (const [scope, { openedAt, dueAt, keys }] of this.#waiting) {
      // A clock that was set back must not keep alarms waiting for as long.
      if (nowMs < dueAt && nowMs >= openedAt) continue;
      this.#waiting.delete(scope);
      due.push([...keys]);
    }
    return due;
  }

  get dueAt(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#waiting.values()) earliest = Math.min(earliest, dueAt);
    return earliest;
  }
}
