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

/** From 0; the smaller the more urgent. */
export type Priority = number;

/** Who has waited for so many of its intervals goes before more urgent ones: nobody starves. */
const PATIENCE_INTERVALS = 10;
const STARVING: Priority = -1;
const NOT_DUE: Priority = 1e9;

export class Schedule {
  readonly #intervalsMs: readonly number[];
  readonly #priorities: readonly Priority[];
  readonly #phasesMs: readonly number[];
  readonly #dueMs: number[];

  /**
   * @param intervalsMs one a rhythm, each greater than 0
   * @param priorities one a rhythm; all alike if left out
   */
  constructor(
    intervalsMs: readonly number[],
    startMs: number,
    priorities: readonly Priority[] = [],
  ) {
    this.#intervalsMs = intervalsMs;
    this.#priorities = priorities;
    const count = intervalsMs.length;
    this.#phasesMs = intervalsMs.map((ms, index) => startMs + (ms * index) / count);
    this.#dueMs = [...this.#phasesMs];
  }

  /**
   * Of the turns that are due, the most urgent, and of those the one that has waited longest; else
   * the one that will be due first. Undefined when none is free.
   * @param isFree turns that may be taken now
   */
  next(
    nowMs = Number.NEGATIVE_INFINITY,
    isFree: (index: number) => boolean = () => true,
  ): Turn | undefined {
    // Asked for each turn of a thousand devices: plain numbers, and no object a device.
    let best = -1;
    let bestUrgency = Number.POSITIVE_INFINITY;
    let bestDueMs = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#dueMs.length; index++) {
      if (!isFree(index)) continue;
      const dueMs = this.#due(index);
      const urgency = this.#urgency(index, dueMs, nowMs);
      if (urgency < bestUrgency || (urgency === bestUrgency && dueMs < bestDueMs)) {
        best = index;
        bestUrgency = urgency;
        bestDueMs = dueMs;
      }
    }
    return best < 0 ? undefined : { index: best, dueMs: bestDueMs };
  }

  #urgency(index: number, dueMs: number, nowMs: number): Priority {
    if (dueMs > nowMs) return NOT_DUE;
    if (nowMs - dueMs > PATIENCE_INTERVALS * (this.#intervalsMs[index] ?? 1)) return STARVING;
    return this.#priorities[index] ?? 0;
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
