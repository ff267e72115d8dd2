/**
 * Whether a condition holds, once it has held for a time, and no longer once it has been over for a
 * time. A reading in between that says otherwise begins the wait anew. Three numbers of a block.
 */
import type { StateCursor } from "./state-cursor.ts";

export const SWITCH_SIZE = 3;

const IS_ON = 0;
/** From when on it has been otherwise; 0 where it is not. */
const TURNING_SINCE = 1;
const ON_SINCE = 2;

export interface Delays {
  readonly onDelay?: number | undefined;
  readonly offDelay?: number | undefined;
}

export function isOn(state: StateCursor, at: number): boolean {
  return state.get(at + IS_ON) === 1;
}

/** When what is on, or was on last, began. */
export function onSince(state: StateCursor, at: number): number {
  return state.get(at + ON_SINCE);
}

/** What is known from elsewhere: an alarm that outlived a restart, or was ended by hand. */
export function setOn(state: StateCursor, at: number, on: boolean): void {
  state.set(at + IS_ON, on ? 1 : 0);
  state.set(at + TURNING_SINCE, 0);
}

/** Takes in what a reading says; whether the switch turns with it. */
export function turns(
  state: StateCursor,
  at: number,
  holds: boolean,
  ts: number,
  { onDelay = 0, offDelay = 0 }: Delays,
): boolean {
  const wasOn = isOn(state, at);
  if (holds === wasOn) {
    state.set(at + TURNING_SINCE, 0);
    return false;
  }
  const since = state.get(at + TURNING_SINCE) || ts;
  state.set(at + TURNING_SINCE, since);
  if (ts - since < (holds ? onDelay : offDelay)) return false;
  state.set(at + IS_ON, holds ? 1 : 0);
  state.set(at + TURNING_SINCE, 0);
  if (holds) state.set(at + ON_SINCE, since);
  return true;
}
