/**
 * One alarm: active × acknowledged × latched, shelved, out of service, suppressed, chattering
 * (ISA-18.2, OPC UA Part 9 section 5). Pure: a state and an event give the next state, and what the
 * journal says of it. Which events happen when is the board's to decide.
 */
import type { AlarmTransition } from "../alarm.ts";
import type { AlarmState, JournalEntry } from "./contract.ts";

export interface ByWhom {
  readonly by: string;
  readonly note: string;
  readonly at: number;
}

export type AlarmEvent =
  | { readonly kind: "raise"; transition: AlarmTransition; at: number; latches: boolean }
  | { readonly kind: "clear"; transition: AlarmTransition }
  | { readonly kind: "acknowledge"; whom: ByWhom }
  | { readonly kind: "reset" }
  | { readonly kind: "shelve"; whom: ByWhom; until: number }
  | { readonly kind: "unshelve" }
  | { readonly kind: "take out of service"; whom: ByWhom }
  | { readonly kind: "put in service" }
  | { readonly kind: "suppress"; cause: string }
  | { readonly kind: "unsuppress" }
  | { readonly kind: "chatter" }
  | { readonly kind: "calm" }
  /** A notice that it is active goes out. */
  | { readonly kind: "notify"; as: string; at: number };

export type AlarmStep =
  | { kind: "changed"; state: AlarmState; entry?: Pick<JournalEntry, "kind" | "note"> }
  | { kind: "unchanged" }
  /** Not possible in this state; the reason reads on from the alarm's name. */
  | { kind: "refused"; reason: string };

const SEEN_MAX = 16;
const RECENT_RAISES_MAX = 20;

const UNCHANGED: AlarmStep = { kind: "unchanged" };

/** An alarm of which nothing was known: normal, until its first transition is taken in. */
export function unknownAlarm(
  key: string,
  gateway: string,
  transition: AlarmTransition,
): AlarmState {
  return {
    key,
    gateway,
    raised: transition,
    seen: [],
    isActive: false,
    isAcknowledged: true,
    isLatched: false,
    activeSince: transition.ts,
    raises: 1,
    isChattering: false,
    isNotified: false,
  };
}

/** Nothing about it needs a person, and nobody has set it apart. */
export function isNormal(state: AlarmState): boolean {
  return !isOpen(state) && !state.shelved && !state.outOfService && !state.isChattering;
}

/** Active, or not dealt with. */
function isOpen({ isActive, isAcknowledged, isLatched }: AlarmState): boolean {
  return isActive || !isAcknowledged || isLatched;
}

/** People should hear of it, and nothing holds that back. */
export function wantsNotice(state: AlarmState): boolean {
  return (
    state.isActive &&
    !state.isAcknowledged &&
    state.notified?.raise !== state.raised.id &&
    !state.shelved &&
    !state.outOfService &&
    state.suppressedBy === undefined &&
    !state.isChattering
  );
}

export function stepOf(state: AlarmState, event: AlarmEvent): AlarmStep {
  switch (event.kind) {
    case "raise":
      return raise(state, event);
    case "clear":
      return clear(state, event.transition);
    case "acknowledge":
      if (state.isAcknowledged) return UNCHANGED;
      return changed(
        { ...state, isAcknowledged: true, acknowledged: event.whom },
        "acknowledged",
        event.whom.note,
      );
    case "reset":
      return reset(state);
    case "shelve":
      return changed(
        { ...state, shelved: { ...event.whom, until: event.until } },
        "shelved",
        event.whom.note,
      );
    case "unshelve":
      if (!state.shelved) return refused("is not shelved");
      return changed({ ...state, shelved: undefined }, "unshelved");
    case "take out of service":
      if (state.outOfService) return UNCHANGED;
      return changed({ ...state, outOfService: event.whom }, "out-of-service", event.whom.note);
    case "put in service":
      if (!state.outOfService) return refused("is in service");
      return changed({ ...state, outOfService: undefined }, "in-service");
    case "suppress":
      if (!state.isActive || state.suppressedBy === event.cause) return UNCHANGED;
      return changed({ ...state, suppressedBy: event.cause }, "suppressed", event.cause);
    case "unsuppress":
      if (state.suppressedBy === undefined) return UNCHANGED;
      return changed({ ...state, suppressedBy: undefined }, "unsuppressed");
    case "chatter":
      return state.isChattering
        ? UNCHANGED
        : changed({ ...state, isChattering: true }, "chattering");
    case "calm":
      return calm(state);
    case "notify":
      return notify(state, event);
  }
}

function raise(
  state: AlarmState,
  { transition, at, latches }: Extract<AlarmEvent, { kind: "raise" }>,
): AlarmStep {
  const seen = withSeen(state, transition);
  // A detector that was started anew does not know that its alarm stands: that is no second one.
  if (state.isActive) return came({ ...state, seen }, "raised", "it was active already");
  const wasDealtWith = state.isAcknowledged && !state.isLatched;
  return came(
    {
      ...state,
      raised: transition,
      seen,
      isActive: true,
      isAcknowledged: false,
      acknowledged: undefined,
      isLatched: state.isLatched || latches,
      activeSince: transition.ts,
      clearedAt: undefined,
      raises: wasDealtWith ? 1 : state.raises + 1,
      recentRaises: [...(state.recentRaises ?? []), at].slice(-RECENT_RAISES_MAX),
      ...(state.isChattering && { chatteredRaises: (state.chatteredRaises ?? 0) + 1 }),
    },
    "raised",
  );
}

function clear(state: AlarmState, transition: AlarmTransition): AlarmStep {
  const seen = withSeen(state, transition);
  if (!state.isActive) return came({ ...state, seen }, "cleared", "it was not active");
  const isAdvisory = state.raised.priority === "low";
  return came(
    {
      ...withoutNotice(state),
      seen,
      isActive: false,
      // What is worth knowing, and no more, is dealt with when it is over.
      isAcknowledged: state.isAcknowledged || isAdvisory,
      clearedAt: transition.ts,
      suppressedBy: undefined,
    },
    "cleared",
  );
}

function reset(state: AlarmState): AlarmStep {
  if (!state.isLatched) return refused("does not wait for a reset");
  if (state.isActive) return refused("is still active");
  if (!state.isAcknowledged) return refused("is not acknowledged yet");
  return changed({ ...state, isLatched: false }, "reset");
}

function calm(state: AlarmState): AlarmStep {
  if (!state.isChattering) return UNCHANGED;
  const { chatteredRaises: times = 0, ...rest } = state;
  const calmed = { ...rest, isChattering: false };
  const note = times === 0 ? "" : `it had come ${times} ${times === 1 ? "time" : "times"} more`;
  return changed(state.isActive ? calmed : withoutNotice(calmed), "calm", note);
}

function notify(state: AlarmState, { as, at }: Extract<AlarmEvent, { kind: "notify" }>): AlarmStep {
  if (!state.isActive) return refused("is not active");
  const notified = { as, raise: state.raised.id, at };
  return { kind: "changed", state: { ...state, isNotified: true, notified } };
}

/** The notice of its being active is answered by one of its end; chatter is answered when it calms. */
function withoutNotice(state: AlarmState): AlarmState {
  if (state.isChattering || !state.isNotified) return state;
  return { ...state, isNotified: false };
}

/** A transition that changes nothing is remembered all the same, so that it is journaled once. */
export function withSeen({ seen }: AlarmState, { id }: AlarmTransition): string[] {
  return [...seen, id].slice(-SEEN_MAX);
}

/** One alarm that comes and goes each second must not push all others out of the journal. */
function came(state: AlarmState, kind: "raised" | "cleared", note = ""): AlarmStep {
  return state.isChattering ? { kind: "changed", state } : changed(state, kind, note);
}

function changed(state: AlarmState, kind: JournalEntry["kind"], note = ""): AlarmStep {
  return { kind: "changed", state, entry: note === "" ? { kind } : { kind, note } };
}

function refused(reason: string): AlarmStep {
  return { kind: "refused", reason };
}
