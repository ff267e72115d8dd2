import type { AlarmState } from "./contract.ts";
import { rankOf } from "./priority.ts";

/** What a person should look at first comes first. */
export function inOrderOfUrgency(states: readonly AlarmState[]): AlarmState[] {
  return states.toSorted(
    (a, b) =>
      stageOf(a) - stageOf(b) ||
      rankOf(b.raised.priority) - rankOf(a.raised.priority) ||
      b.activeSince - a.activeSince,
  );
}

/** What was put aside goes last, whatever it says. */
function stageOf(state: AlarmState): number {
  if (state.shelved || state.outOfService || state.suppressedBy !== undefined) return 3;
  if (!state.isActive) return 2;
  return state.isAcknowledged ? 1 : 0;
}
