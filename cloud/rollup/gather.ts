/** From one-minute states to the windows of a wider width that hold them. */
import type { RowState } from "./row-state.ts";
import { MINUTE_MS, windowStart } from "./window.ts";

/** The one-minute states by the start of the wider window. */
export function gather(
  windows: ReadonlyMap<number, RowState>,
  widthMs: number,
): Map<number, RowState[]> {
  const wide = new Map<number, RowState[]>();
  for (const [start, state] of windows) {
    const wideStart = widthMs === MINUTE_MS ? start : windowStart(start, widthMs);
    const parts = wide.get(wideStart);
    if (parts) parts.push(state);
    else wide.set(wideStart, [state]);
  }
  return wide;
}
