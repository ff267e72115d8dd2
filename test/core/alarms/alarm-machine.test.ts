import { describe, expect, test } from "vitest";
import {
  type AlarmEvent,
  type AlarmStep,
  isNormal,
  stepOf,
  unknownAlarm,
  wantsNotice,
} from "#core/alarms/alarm-machine.ts";
import { type AlarmState, alarmState, type JournalEntry } from "#core/alarms/contract.ts";
import { START_MS, transition } from "./sample.ts";

/** All that distinguishes one state from another. */
const BITS = [
  "active",
  "acknowledged",
  "latched",
  "shelved",
  "outOfService",
  "suppressed",
  "chattering",
  "notified",
] as const;

type Bits = Record<(typeof BITS)[number], boolean>;

const NO_BITS: Bits = {
  active: false,
  acknowledged: false,
  latched: false,
  shelved: false,
  outOfService: false,
  suppressed: false,
  chattering: false,
  notified: false,
};

const PLACE = "oven-2/temperature/limit-hh";
const whom = { by: "eva", note: "seen", at: START_MS };
const first = transition(PLACE, "active", START_MS, "high");

function stateOf(bits: Bits): AlarmState {
  return {
    ...unknownAlarm(PLACE, "", first),
    seen: [first.id],
    isActive: bits.active,
    isAcknowledged: bits.acknowledged,
    isLatched: bits.latched,
    isChattering: bits.chattering,
    isNotified: bits.notified,
    ...(bits.notified && { notified: { as: PLACE, raise: first.id, at: START_MS } }),
    ...(bits.shelved && { shelved: { ...whom, until: START_MS + 1 } }),
    ...(bits.outOfService && { outOfService: whom }),
    ...(bits.suppressed && { suppressedBy: "(gateway)/rs485-a/dead" }),
    ...(!bits.active && { clearedAt: START_MS }),
  };
}

function bitsOf(state: AlarmState): Bits {
  return {
    active: state.isActive,
    acknowledged: state.isAcknowledged,
    latched: state.isLatched,
    shelved: state.shelved !== undefined,
    outOfService: state.outOfService !== undefined,
    suppressed: state.suppressedBy !== undefined,
    chattering: state.isChattering,
    notified: state.isNotified,
  };
}

const allBits: Bits[] = Array.from({ length: 2 ** BITS.length }, (_, number) => {
  const bits = { ...NO_BITS };
  for (const [place, name] of BITS.entries()) bits[name] = ((number >> place) & 1) === 1;
  return bits;
});

interface Expectation {
  event: AlarmEvent;
  /** Why not, where the state does not allow it. */
  refused?: (bits: Bits) => string | false;
  unchanged?: (bits: Bits) => boolean;
  leads: (bits: Bits) => Partial<Bits>;
  entry?: JournalEntry["kind"];
  /** What comes and goes without end is not journaled each time. */
  isQuietInChatter?: boolean;
}

const raised = transition(PLACE, "active", START_MS + 5, "high");
const cleared = transition(PLACE, "cleared", START_MS + 5, "high");

/** What each event does, by state. */
const TABLE: Expectation[] = [
  {
    event: { kind: "raise", transition: raised, at: START_MS + 5, latches: true },
    leads: ({ active }) => (active ? {} : { active: true, acknowledged: false, latched: true }),
    entry: "raised",
    isQuietInChatter: true,
  },
  {
    event: { kind: "raise", transition: raised, at: START_MS + 5, latches: false },
    leads: ({ active }) => (active ? {} : { active: true, acknowledged: false }),
    entry: "raised",
    isQuietInChatter: true,
  },
  {
    event: { kind: "clear", transition: cleared },
    leads: ({ active, chattering, notified }) =>
      active ? { active: false, suppressed: false, notified: notified && chattering } : {},
    entry: "cleared",
    isQuietInChatter: true,
  },
  {
    event: { kind: "acknowledge", whom },
    unchanged: ({ acknowledged }) => acknowledged,
    leads: () => ({ acknowledged: true }),
    entry: "acknowledged",
  },
  {
    event: { kind: "reset" },
    refused: ({ active, acknowledged, latched }) => {
      if (!latched) return "does not wait for a reset";
      if (active) return "is still active";
      return !acknowledged && "is not acknowledged yet";
    },
    leads: () => ({ latched: false }),
    entry: "reset",
  },
  {
    event: { kind: "shelve", whom, until: START_MS + 60_000 },
    leads: () => ({ shelved: true }),
    entry: "shelved",
  },
  {
    event: { kind: "unshelve" },
    refused: ({ shelved }) => !shelved && "is not shelved",
    leads: () => ({ shelved: false }),
    entry: "unshelved",
  },
  {
    event: { kind: "take out of service", whom },
    unchanged: ({ outOfService }) => outOfService,
    leads: () => ({ outOfService: true }),
    entry: "out-of-service",
  },
  {
    event: { kind: "put in service" },
    refused: ({ outOfService }) => !outOfService && "is in service",
    leads: () => ({ outOfService: false }),
    entry: "in-service",
  },
  {
    event: { kind: "suppress", cause: "meter-1/(device)/silent" },
    unchanged: ({ active }) => !active,
    leads: () => ({ suppressed: true }),
    entry: "suppressed",
  },
  {
    event: { kind: "unsuppress" },
    unchanged: ({ suppressed }) => !suppressed,
    leads: () => ({ suppressed: false }),
    entry: "unsuppressed",
  },
  {
    event: { kind: "chatter" },
    unchanged: ({ chattering }) => chattering,
    leads: () => ({ chattering: true }),
    entry: "chattering",
  },
  {
    event: { kind: "calm" },
    unchanged: ({ chattering }) => !chattering,
    leads: ({ active, notified }) => ({ chattering: false, notified: notified && active }),
    entry: "calm",
  },
  {
    event: { kind: "notify", as: PLACE, at: START_MS },
    refused: ({ active }) => !active && "is not active",
    leads: () => ({ notified: true }),
  },
];

function expectedOf(expectation: Expectation, bits: Bits): object {
  const { event, refused, unchanged, leads, isQuietInChatter } = expectation;
  const reason = refused?.(bits);
  if (typeof reason === "string") return { event, bits, kind: "refused", reason };
  if (unchanged?.(bits)) return { event, bits, kind: "unchanged" };
  const entry = isQuietInChatter && bits.chattering ? undefined : expectation.entry;
  return { event, bits, kind: "changed", after: { ...bits, ...leads(bits) }, entry };
}

function foundOf(event: AlarmEvent, bits: Bits, step: AlarmStep): object {
  if (step.kind !== "changed") return { event, bits, ...step };
  alarmState.parse(step.state);
  return { event, bits, kind: step.kind, after: bitsOf(step.state), entry: step.entry?.kind };
}

describe("one alarm", () => {
  test.each(TABLE)("$event.kind does in each of the 256 states what the table says", (row) => {
    for (const bits of allBits) {
      const step = stepOf(stateOf(bits), row.event);
      expect(foundOf(row.event, bits, step)).toEqual(expectedOf(row, bits));
    }
  });

  test("is normal only where nothing is open and nobody has set it apart", () => {
    const normal = allBits.filter((bits) => isNormal(stateOf(bits)));
    const open = ["active", "latched", "shelved", "outOfService", "chattering"] as const;
    expect(normal).toEqual(
      allBits.filter((bits) => bits.acknowledged && open.every((name) => !bits[name])),
    );
  });

  test("wants a notice only while it is active, not acknowledged, not told and not held back", () => {
    const wanting = allBits.filter((bits) => wantsNotice(stateOf(bits)));
    const quiet = BITS.filter((name) => name !== "active" && name !== "latched");
    expect(wanting).toEqual(
      allBits.filter((bits) => bits.active && quiet.every((name) => !bits[name])),
    );
  });

  test("counts how often it was raised until it was dealt with", () => {
    let state = unknownAlarm(PLACE, "", first);
    const step = (event: AlarmEvent): void => {
      const next = stepOf(state, event);
      if (next.kind === "changed") state = next.state;
    };
    const raiseAt = (at: number): void =>
      step({ kind: "raise", transition: transition(PLACE, "active", at), at, latches: false });
    const clearAt = (at: number): void =>
      step({ kind: "clear", transition: transition(PLACE, "cleared", at) });
    raiseAt(1);
    clearAt(2);
    raiseAt(3);
    expect(state).toMatchObject({ raises: 2, activeSince: 3, recentRaises: [1, 3] });
    step({ kind: "acknowledge", whom });
    clearAt(4);
    raiseAt(5);
    expect(state).toMatchObject({ raises: 1, clearedAt: undefined, acknowledged: undefined });
  });

  test("needs no acknowledgement once it is over, where it is only worth knowing", () => {
    const advisory = transition(PLACE, "active", START_MS, "low");
    const state = { ...unknownAlarm(PLACE, "", advisory), isActive: true, isAcknowledged: false };
    const step = stepOf(state, { kind: "clear", transition: cleared });
    expect(step).toMatchObject({ state: { isAcknowledged: true } });
  });

  test("remembers the last sixteen transitions, and twenty raises", () => {
    let state = unknownAlarm(PLACE, "", first);
    for (let at = 1; at <= 60; at++) {
      const kind = at % 2 === 1 ? "active" : "cleared";
      const next = transition(PLACE, kind, at);
      const event: AlarmEvent =
        kind === "active"
          ? { kind: "raise", transition: next, at, latches: false }
          : { kind: "clear", transition: next };
      const step = stepOf(state, event);
      if (step.kind === "changed") state = step.state;
    }
    expect(state.seen).toHaveLength(16);
    expect(state.recentRaises).toHaveLength(20);
    expect(() => alarmState.parse(state)).not.toThrow();
  });
});
