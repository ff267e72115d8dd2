/** What a lamp, a horn or a display is written for the alarms that stand. Pure. */
import type { AlarmState } from "#core/alarms/contract.ts";
import { rankOf } from "#core/alarms/priority.ts";
import type { SignalChannel } from "#core/notify/recipient.ts";

const WORD_MAX = 0xffff;

/** `critical`; one alarm. */
export const TEST_VALUE: Readonly<Record<SignalChannel["shows"], number>> = {
  state: 1,
  priority: 4,
  count: 1,
};

type Manner = Pick<SignalChannel, "shows" | "until" | "isInverted">;

/** 0 or 1 for a coil, else a register's word. */
export function shownValue(
  { shows, until, isInverted }: Manner,
  standing: readonly AlarmState[],
): number {
  const shown = until === "cleared" ? standing : standing.filter(isUnanswered);
  if (shows === "count") return Math.min(WORD_MAX, shown.length);
  if (shows === "priority") {
    return Math.max(0, ...shown.map(({ raised }) => rankOf(raised.priority) + 1));
  }
  const isOn = shown.length > 0;
  return isOn === isInverted ? 0 : 1;
}

function isUnanswered({ isActive, isAcknowledged }: AlarmState): boolean {
  return isActive && !isAcknowledged;
}
