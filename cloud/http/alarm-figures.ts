/** How many alarms stand, for status and metrics: those of the whole database. */

import type { AlarmPriority } from "#core/alarm.ts";
import { isNormal } from "#core/alarms/alarm-machine.ts";
import type { Store } from "../store/contract.ts";

export interface AlarmFigures {
  /** By priority. */
  readonly active: Readonly<Record<AlarmPriority, number>>;
  readonly unacknowledged: number;
  /** Notices on their way. */
  readonly notices: number;
  /** Transitions that are not taken in yet. */
  readonly transitions: number;
  /** Transitions that had to go before they were taken in. */
  readonly givenUp: number;
}

export async function alarmFigures({ desk }: Pick<Store, "desk">): Promise<AlarmFigures> {
  const [states, backlog, givenUp] = await Promise.all([
    desk.states(),
    desk.backlog(),
    desk.givenUp(),
  ]);
  const active = { low: 0, medium: 0, high: 0, critical: 0 };
  let unacknowledged = 0;
  for (const state of states) {
    if (state.isActive) active[state.raised.priority] += 1;
    if (!state.isAcknowledged && !isNormal(state)) unacknowledged += 1;
  }
  return { active, unacknowledged, ...backlog, givenUp };
}
