/**
 * Whose turn it is: each has its own rhythm, with the phases spread over the interval so
 * that 130 devices do not all want the bus at once. A turn that is missed is counted, never made
 * up for. Pure: time comes in as a number on the monotonic scale.
 */

export interface Turn {
  /** In the order of the intervals given. */
  index: number;
  dueMs: number;
}

export class Schedule {
  readonly #intervalsMs: readonly number[];
  readonly #phasesMs: readonly number[];
  readonly #dueMs: number[];

  /**
   * @param intervalsMs one a rhythm, each greater than 0
   */
  constructor(intervalsMs: readonly number[], startMs: number) {
    this.#intervalsMs = intervalsMs;
    const count = intervalsMs.length;
    this.#phasesMs = intervalsMs.map((ms, index) => startMs + (ms * index) / count);
    this.#dueMs = [...this.#phasesMs];
  }

  /** The turn that is due first; the one that has waited longest when several are late. */
  next(): Turn | undefined {
    let index = 0;
    for (let i = 1; i < this.#dueMs.length; i++) {
      if (this.#due(i) < this.#due(index)) index = i;
    }
    return this.#dueMs.length === 0 ? undefined : { index, dueMs: this.#due(index) };
  }

  /** It was served: its next turn is the next of its rhythm. Returns how many it missed. */
  served(index: number, nowMs: number): number {
    const intervalMs = this.#intervalsMs[index] ?? 1;
    const phaseMs = this.#phasesMs[index] ?? 0;
    const dueMs = this.#due(index);
    const turn = Math.round((dueMs - phaseMs) / intervalMs);
    const nextTurn = Math.max(turn + 1, Math.floor((nowMs - phaseMs) / intervalMs) + 1);
    this.#dueMs[index] = phaseMs + nextTurn * intervalMs;
    return nextTurn - turn - 1;
  }

  /** When the first of these is due; infinite for none. */
  firstDueMs(isMeant: (index: number) => boolean): number {
    let firstMs = Number.POSITIVE_INFINITY;
    this.#dueMs.forEach((dueMs, index) => {
      if (dueMs < firstMs && isMeant(index)) firstMs = dueMs;
    });
    return firstMs;
  }

  #due(index: number): number {
    return this.#dueMs[index] ?? Number.POSITIVE_INFINITY;
  }
}
