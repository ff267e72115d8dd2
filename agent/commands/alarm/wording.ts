/** Alarms as a person reads them on a terminal. Pure. */
import type { AlarmState, JournalEntry } from "#core/alarms/contract.ts";
import { oneLine } from "#core/notify/one-line.ts";
import { textTable } from "../text-table.ts";

const SHOWN_MAX = 1000;

export function alarmTable(states: readonly AlarmState[]): string {
  return textTable(
    ["since", "priority", "state", "key", "alarm"],
    states.map((state) => [
      timeText(state.activeSince),
      state.raised.priority,
      shown(howItStands(state)),
      shown(state.key),
      shown(state.raised.message),
    ]),
  );
}

export function journalTable(entries: readonly JournalEntry[]): string {
  return textTable(
    ["id", "time", "what", "key", "by", "note"],
    entries.map(({ id, at, kind, key, by = "", note, alarm }) => [
      String(id),
      timeText(at),
      kind,
      shown(key),
      shown(by),
      shown(note ?? alarm?.message ?? ""),
    ]),
  );
}

/** Names come from devices, and notes from anybody: nothing of them may steer a terminal. */
export function shown(text: string): string {
  return oneLine(text, SHOWN_MAX);
}

/** The most telling first: `active, shelved until 14:00 by eva`. */
function howItStands(state: AlarmState): string {
  const { isActive, isAcknowledged, isLatched, acknowledged, shelved, outOfService } = state;
  const parts = [isActive ? "active" : "over"];
  if (!isAcknowledged) parts.push("unacknowledged");
  else if (acknowledged) parts.push(`acknowledged by ${acknowledged.by}`);
  if (!isActive && isLatched) parts.push("latched");
  if (shelved) parts.push(`shelved until ${timeText(shelved.until)} by ${shelved.by}`);
  if (outOfService) parts.push(`out of service by ${outOfService.by}`);
  if (state.suppressedBy !== undefined) parts.push(`because of ${state.suppressedBy}`);
  if (state.isChattering) parts.push("comes and goes");
  return parts.join(", ");
}

export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).concat("Z");
}
