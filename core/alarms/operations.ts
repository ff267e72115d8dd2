/** What a person does to alarms, as events: all of them are possible, or none happens. */
import { PenstockError } from "../errors.ts";
import { type AlarmEvent, stepOf } from "./alarm-machine.ts";
import type { AlarmOperation, AlarmState } from "./contract.ts";
import type { AlarmPolicy } from "./policy.ts";

type OfAlarms = Extract<AlarmOperation, { keys: readonly string[] }>;

interface PlannedEvent {
  readonly state: AlarmState;
  readonly event: AlarmEvent;
}

/** Whether it makes sense for that alarm: of several that a pattern names, the others are left alone. */
export function isPossible(kind: OfAlarms["kind"], state: AlarmState): boolean {
  switch (kind) {
    case "acknowledge":
      return !state.isAcknowledged;
    case "reset":
      return stepOf(state, { kind: "reset" }).kind === "changed";
    case "unshelve":
      return state.shelved !== undefined;
    case "out-of-service":
      return state.outOfService === undefined;
    case "in-service":
      return state.outOfService !== undefined;
    case "shelve":
      return true;
  }
}

/** @throws PenstockError ALARM_UNKNOWN, ALARM_REFUSED */
export function eventsOf(
  operation: OfAlarms,
  find: (key: string) => AlarmState | undefined,
  policy: AlarmPolicy,
  nowMs: number,
): PlannedEvent[] {
  const event = eventOf(operation, policy, nowMs);
  return [...new Set(operation.keys)].map((key) => {
    const state = find(key);
    if (!state) {
      throw new PenstockError("ALARM_UNKNOWN", `no alarm ${key}`, { context: { key } });
    }
    const step = stepOf(state, event);
    if (step.kind === "refused") throw refused(`${key} ${step.reason}`);
    return { state, event };
  });
}

function eventOf(operation: OfAlarms, policy: AlarmPolicy, nowMs: number): AlarmEvent {
  const { by, note } = operation;
  const whom = { by, note, at: nowMs };
  switch (operation.kind) {
    case "acknowledge":
      return { kind: "acknowledge", whom };
    case "reset":
      return { kind: "reset" };
    case "shelve":
      return { kind: "shelve", whom, until: shelvedUntil(operation.until, policy, nowMs) };
    case "unshelve":
      return { kind: "unshelve" };
    case "out-of-service":
      return { kind: "take out of service", whom };
    case "in-service":
      return { kind: "put in service" };
  }
}

function shelvedUntil(until: number, { shelveMaxMs }: AlarmPolicy, nowMs: number): number {
  if (until <= nowMs) throw refused("an alarm is shelved until a time that is yet to come");
  if (until - nowMs <= shelveMaxMs) return until;
  const hours = Math.round(shelveMaxMs / 36_000) / 100;
  throw refused(`an alarm is shelved for ${hours} hours at most`);
}

/** Clocks are set right by so much at every turn, and nobody's shelving is to end with that. */
const CLOCK_STEP_MS = 3_600_000;

/** Also where it would last far longer than it may: the clock was set back, by a year perhaps. */
export function isShelvingOver(
  until: number,
  { shelveMaxMs }: AlarmPolicy,
  nowMs: number,
): boolean {
  return until <= nowMs || until - nowMs > shelveMaxMs + CLOCK_STEP_MS;
}

function refused(reason: string): PenstockError {
  return new PenstockError("ALARM_REFUSED", reason);
}
