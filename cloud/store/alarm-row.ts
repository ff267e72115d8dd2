/** A transition as the sink keeps it, of a gateway's alarm or of its own. */
import type { AlarmTransition } from "#core/alarm.ts";

export interface AlarmRow extends AlarmTransition {
  gateway: string;
  /** When the hub took the event that told of it; for the sink's own, when it was raised. */
  receivedAtMs: number;
  /** Raised by the sink itself: of several of one alarm the one that came last counts. */
  isOwn?: true;
}
