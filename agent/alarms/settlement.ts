/**
 * What was active before the agent was restarted, and has not been heard of since. A part of the
 * gateway that begins anew raises its alarm again where the cause is still there, and says nothing
 * where it is not: what was not raised again within a while is over. A detector goes on from what
 * stands; but where the file has changed meanwhile, there may be none.
 */
import type { AlarmTransition } from "#core/alarm.ts";
import type { AlarmState } from "#core/alarms/contract.ts";
import type { AlarmPlace } from "#core/alarms/state-key.ts";
import { DEVICE_TAG, GATEWAY_DEVICE } from "#core/own-names.ts";

/** Longer than any part takes to find its trouble again: the uplink waits for 15 s. */
export const SETTLING_MS = 60_000;

/** Those who raise these look at first whether they stand. */
const LOOKED_UP: ReadonlySet<string> = new Set([
  "notification-failing",
  "alarms-failing",
  "alarms-full",
  "alarms-damaged",
]);

/** Whether a detector would end that alarm; undefined for a series that has not been heard of. */
export type IsWatched = (place: AlarmPlace) => boolean | undefined;

export class Settlement {
  readonly #unsettled: Map<string, AlarmState>;

  /** @param states as they were kept */
  constructor(states: readonly AlarmState[]) {
    const open = states.filter(({ isActive, raised }) => isActive && !LOOKED_UP.has(raised.rule));
    this.#unsettled = new Map(open.map((state) => [state.key, state]));
  }

  /** It was heard of again. */
  heard(key: string): void {
    this.#unsettled.delete(key);
  }

  get isDone(): boolean {
    return this.#unsettled.size === 0;
  }

  /** The ends of those that nobody would end. */
  look(isWatched: IsWatched, nowMs: number): AlarmTransition[] {
    const ended: AlarmTransition[] = [];
    for (const [key, { raised }] of this.#unsettled) {
      const watched = isOwn(raised) ? false : isWatched(raised);
      if (watched === undefined) continue;
      this.#unsettled.delete(key);
      if (!watched) ended.push(endOf(raised, nowMs));
    }
    return ended;
  }
}

/** Of the gateway itself, or of a device as a whole: no reading ends it. */
function isOwn({ device, tag }: AlarmTransition): boolean {
  return device === GATEWAY_DEVICE || tag === DEVICE_TAG;
}

function endOf(raised: AlarmTransition, ts: number): AlarmTransition {
  const { id, device, tag, rule, priority, value, expected } = raised;
  const message = `Over: it was not found again after the agent's start. It was: ${raised.message}`;
  const place = { device, tag, rule, priority, value, expected };
  return { ...place, id: `${id} not found again ${ts}`, state: "cleared", ts, message };
}
