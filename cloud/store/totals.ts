/** Totals since the database was made, counted in the transactions themselves. */
import type { StoreTotals } from "./contract.ts";

export function noTotals(): StoreTotals {
  return {
    readings: 0,
    bad: 0,
    duplicateReadings: 0,
    chunks: 0,
    duplicateChunks: 0,
    deadLettered: 0,
    alarms: 0,
  };
}

export function addTotals(to: StoreTotals, more: StoreTotals): void {
  to.readings += more.readings;
  to.bad += more.bad;
  to.duplicateReadings += more.duplicateReadings;
  to.chunks += more.chunks;
  to.duplicateChunks += more.duplicateChunks;
  to.deadLettered += more.deadLettered;
  to.alarms += more.alarms;
}
