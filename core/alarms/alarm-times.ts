/**
 * What becomes due of alarms by the passing of time alone: a shelving ends, what came and went is
 * calm, and a normal alarm need not be remembered any longer.
 */
import { isNormal } from "./alarm-machine.ts";
import type { AlarmState } from "./contract.ts";

/** A normal alarm is remembered for so long: a copy of its last transition may still come. */
const REMEMBERED_MS = 15 * 60_000;

const NEVER = Number.POSITIVE_INFINITY;

export class AlarmTimes {
  /** When each alarm that is normal became so. */
  readonly #normalSince = new Map<string, number>();
  #dueAt = NEVER;

  /** Early where one that was due first has changed since. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** All alarms are looked at anew, and noted again. */
  beginLook(): void {
    this.#dueAt = NEVER;
  }

  note(state: AlarmState, calmMs: number, nowMs: number): void {
    const { shelved, isChattering } = state;
    const calmAt = isChattering ? lastRaiseOf(state) + calmMs : NEVER;
    const forgottenAt = isNormal(state)
      ? nowMs - this.#normalForMs(state.key, nowMs) + REMEMBERED_MS
      : NEVER;
    this.#dueAt = Math.min(this.#dueAt, shelved?.until ?? NEVER, calmAt, forgottenAt);
  }

  isForgotten(state: AlarmState, nowMs: number): boolean {
    return isNormal(state) && this.#normalForMs(state.key, nowMs) >= REMEMBERED_MS;
  }

  /** It is not normal, or not known any more. */
  drop(key: string): void {
    this.#normalSince.delete(key);
  }

  #normalForMs(key: string, nowMs: number): number {
    const since = this.#normalSince.get(key);
    if (since === undefined) this.#normalSince.set(key, nowMs);
    return nowMs - (since ?? nowMs);
  }
}

export function isCalm(state: AlarmState, calmMs: number, nowMs: number): boolean {
  const quietMs = nowMs - lastRaiseOf(state);
  // A raise that seems to be yet to come is from before the clock was set back.
  return state.isChattering && (quietMs < 0 || quietMs >= calmMs);
}

function lastRaiseOf({ recentRaises }: AlarmState): number {
  return recentRaises?.at(-1) ?? 0;
}
