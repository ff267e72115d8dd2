/** Alarms as a person reads them on a terminal. Pure. */
import type { AlarmState, JournalEntry, Maintenance } from "#core/alarms/contract.ts";
import { textTable } from "./text-table.ts";

export function alarmTable(states: readonly AlarmState[]): string {
  return textTable(
    ["since", "priority", "state", "key", "alarm"],
    states.map((state) => [
      timeText(state.activeSince),
      state.raised.priority,
      howItStands(state),
      state.key,
      state.raised.message,
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
      key,
      by,
      note ?? alarm?.message ?? "",
    ]),
  );
}

export function maintenanceTable(windows: readonly Maintenance[]): string {
  return textTable(
    ["id", "until", "by", "devices", "reason"],
    windows.map(({ id, until, by, devices, note }) => {
      return [id, timeText(until), by, devices.join(" "), note];
    }),
  );
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
