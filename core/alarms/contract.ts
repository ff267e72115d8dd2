/**
 * What passes between the alarm model, whoever keeps its state, and whoever notifies people. The same
 * on both sides: the agent keeps it in LevelDB, the sink in its own database.
 *
 * The model follows ISA-18.2 and OPC UA Part 9: a condition is active or not, and each time that it
 * became active is acknowledged or not; shelving, suppression and out-of-service hold back its
 * notifications, never its journal.
 */
import { z } from "zod";
import { alarmTransition } from "../alarm.ts";

const byWhom = z.strictObject({
  /** A person's name, or the program that acted. */
  by: z.string().max(128),
  /** Why, in a person's words; empty where nothing was said. */
  note: z.string().max(1000),
  /** In milliseconds since 1970. */
  at: z.number(),
});

/** One condition of one series, as it stands. Times are milliseconds since 1970. */
export const alarmState = z.strictObject({
  /** `stateKey` of the gateway and the transition. */
  key: z.string().min(1),
  /** Empty in the agent: its alarms are its own. */
  gateway: z.string(),
  /** The transition that made it active last; it says device, tag, rule, priority, and message. */
  raised: alarmTransition,
  /** Ids of the last transitions taken in, newest last: one that comes again changes nothing. */
  seen: z.array(z.string()).max(16),
  isActive: z.boolean(),
  isAcknowledged: z.boolean(),
  /** Its rule latches: it stays on the list, after it has cleared, until someone resets it. */
  isLatched: z.boolean(),
  /** When it became active last. */
  activeSince: z.number(),
  /** When it cleared last; left out while active. */
  clearedAt: z.number().optional(),
  /** How often it became active since it was last normal and acknowledged. */
  raises: z.number().int().min(1),
  acknowledged: byWhom.optional(),
  shelved: byWhom.extend({ until: z.number() }).optional(),
  outOfService: byWhom.optional(),
  /** Key (`stateKey`) of the active alarm that explains this one, and so keeps it quiet. */
  suppressedBy: z.string().optional(),
  /** It comes and goes faster than a person can follow, until it has been calm for a while. */
  isChattering: z.boolean(),
  /** How often it came since it chatters: only the number is journaled, when it is calm. */
  chatteredRaises: z.number().int().optional(),
  /** A notice of its being active went out, so one of its clearing is owed. */
  isNotified: z.boolean(),
  /** The last notice of its being active: also when it is over, for whoever acknowledges by it. */
  notified: z
    .strictObject({
      /** Key of that notice: its own, or that of a group. */
      as: z.string(),
      /** Id of the transition that it told of. */
      raise: z.string(),
      at: z.number(),
    })
    .optional(),
  /** When it became active the last times, by the clock of whoever keeps it. */
  recentRaises: z.array(z.number()).max(20).optional(),
});

export type AlarmState = z.infer<typeof alarmState>;

/** A time in which somebody works on devices: their alarms are listed, and nobody is woken. */
export const maintenance = byWhom.extend({
  id: z.string().min(1),
  /** Glob patterns, as `oven-*`; of the gateway's name in the sink: `hall-3/oven-*`. */
  devices: z.array(z.string().min(1)).min(1),
  from: z.number(),
  until: z.number(),
});

export type Maintenance = z.infer<typeof maintenance>;

const journalKinds = [
  "raised",
  "cleared",
  "acknowledged",
  "reset",
  "shelved",
  "unshelved",
  "suppressed",
  "unsuppressed",
  "out-of-service",
  "in-service",
  "chattering",
  "calm",
  "maintenance-begun",
  "maintenance-ended",
  "notified",
  "notification-failed",
] as const;

/** One thing that happened. Ids count up and are unique for ever within one journal. */
export const journalEntry = z.strictObject({
  id: z.number().int().min(1),
  at: z.number(),
  kind: z.enum(journalKinds),
  /** Of the alarm; of the maintenance window. */
  key: z.string(),
  by: z.string().optional(),
  note: z.string().optional(),
  /** The alarm as it stood then: what a list shows without looking elsewhere. */
  alarm: alarmTransition.optional(),
  gateway: z.string().optional(),
});

export type JournalEntry = z.infer<typeof journalEntry>;

/**
 * What a person is told. `id` is stable: whoever gets the same notice twice recognises it
 * (Message-ID, dedup key). `key` is the same for all notices of one alarm.
 */
export const notice = z.strictObject({
  id: z.string().min(1),
  key: z.string().min(1),
  kind: z.enum(["raised", "cleared", "acknowledged", "group", "flood", "reminder", "test"]),
  at: z.number(),
  priority: alarmTransition.shape.priority,
  /** One line: what is wrong, where. */
  title: z.string(),
  gateway: z.string(),
  site: z.string().optional(),
  device: z.string(),
  tag: z.string(),
  rule: z.string(),
  unit: z.string().optional(),
  value: z.number(),
  /** The limit, or what was to be expected. */
  expected: z.number(),
  message: z.string(),
  /** Active since. */
  since: z.number(),
  /** The last values up to the alarm, newest last: for a sparkline. */
  points: z.array(z.number()).max(30).optional(),
  /** Other tags of the same device at that time. */
  related: z
    .array(z.strictObject({ tag: z.string(), value: z.string(), unit: z.string().optional() }))
    .optional(),
  /** What to do first, and where to read on. */
  action: z.string().optional(),
  runbook: z.string().optional(),
  /** How to acknowledge it, as a command line. */
  acknowledge: z.string().optional(),
  /** Of a group or flood: keys of the alarms that it stands for (on its way: of 50), and their number. */
  members: z.array(z.string()).optional(),
  count: z.number().optional(),
});

export type Notice = z.infer<typeof notice>;

/** A notice on its way to one recipient. */
export const outboxEntry = z.strictObject({
  /** Unique: the notice's id and the recipient's name. */
  id: z.string().min(1),
  recipient: z.string().min(1),
  notice,
  /** Failed attempts so far. */
  attempts: z.number().int(),
  /** When it may be tried next. */
  dueAt: z.number(),
});

export type OutboxEntry = z.infer<typeof outboxEntry>;

/** What is written in one transaction, or not at all. */
export interface AlarmWrite {
  readonly states?: readonly AlarmState[];
  /** Keys of alarms that are normal again, and need not be kept. */
  readonly forgotten?: readonly string[];
  readonly maintenance?: readonly Maintenance[];
  /** Ids of windows that have ended. */
  readonly maintenanceEnded?: readonly string[];
  readonly journal?: readonly JournalEntry[];
  /** New, or to be tried again later. */
  readonly outbox?: readonly OutboxEntry[];
  /** Ids of entries that have arrived, or were given up. */
  readonly outboxDone?: readonly string[];
}

/** All that a restart needs. */
export interface KeptAlarms {
  readonly states: readonly AlarmState[];
  readonly maintenance: readonly Maintenance[];
  readonly outbox: readonly OutboxEntry[];
  /** Of the newest journal entry; 0 for none. */
  readonly lastJournalId: number;
}

export interface JournalQuery {
  /** Entries older than this id. */
  readonly before?: number | undefined;
  readonly limit: number;
  /** Of one alarm only. */
  readonly key?: string | undefined;
}

/** Durable state of the alarms. Kept within bounds by the store: the journal loses its oldest. */
export interface AlarmStore {
  load(): Promise<KeptAlarms>;
  /** Resolves when it is safe on disk; writes keep their order. */
  commit(write: AlarmWrite): Promise<void>;
  /** Newest first. */
  journal(query: JournalQuery): Promise<readonly JournalEntry[]>;
}

/** What the model decided: to be written in one transaction, then told. */
export interface AlarmEffects {
  readonly write: AlarmWrite;
  /** For the recipients, in order. */
  readonly notices: readonly Notice[];
}

/** What a person, or a program for one, does to alarms. */
export type AlarmOperation =
  | { kind: "acknowledge"; keys: readonly string[]; by: string; note: string }
  | { kind: "reset"; keys: readonly string[]; by: string; note: string }
  | { kind: "shelve"; keys: readonly string[]; by: string; note: string; until: number }
  | { kind: "unshelve"; keys: readonly string[]; by: string; note: string }
  | { kind: "out-of-service"; keys: readonly string[]; by: string; note: string }
  | { kind: "in-service"; keys: readonly string[]; by: string; note: string }
  | { kind: "begin-maintenance"; window: Maintenance }
  | { kind: "end-maintenance"; id: string; by: string; note: string };

/**
 * What decides which of two transitions of one alarm is the later one: that it came later, or its own
 * time. By time where a backlog may come after what is newer.
 */
export type TransitionOrder = "arrival" | "time";

/**
 * The model: pure, no clock, no I/O. Each call gives all that must be written for it; whoever calls
 * writes in the order of the calls, and tells the notices afterwards (or with the write, through
 * the outbox). A transition that was taken in before changes nothing.
 */
export interface AlarmModel {
  /** @param order left out: by arrival */
  take(
    transition: z.infer<typeof alarmTransition>,
    gateway: string,
    nowMs: number,
    order?: TransitionOrder,
  ): AlarmEffects;
  /** @throws PenstockError ALARM_UNKNOWN, ALARM_REFUSED */
  operate(operation: AlarmOperation, nowMs: number): AlarmEffects;
  /** Time passes: shelving ends, groups and floods are told, chatter calms down. */
  tick(nowMs: number): AlarmEffects;
  /** When `tick` has something to do next; undefined for never. */
  readonly dueAt: number | undefined;
  /** All that are not normal, the most urgent first. */
  states(): readonly AlarmState[];
  /** How many of them, since it was made, had to go because the list was full. */
  readonly takenOff: number;
  maintenance(): readonly Maintenance[];
}
