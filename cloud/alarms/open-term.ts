/** All that works during one term of the desk: model, rules, and notices on their way. */

import { policyOf } from "#config/alarms/policy-of.ts";
import type { SinkAlarmSettings } from "#config/sink/alarms.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { AlarmBoard } from "#core/alarms/alarm-board.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import type { Logger, RateLimitedLog } from "#core/log.ts";
import type { OutboxWrite } from "#core/notify/contract.ts";
import { Notifications } from "#core/notify/notifications.ts";
import type { Recipient } from "#core/notify/recipient.ts";
import { SINK } from "#core/own-names.ts";
import type { Random } from "#core/random.ts";
import type { Store } from "../store/contract.ts";
import type { DeskLease, KeptDesk } from "../store/desk-contract.ts";
import type { OpenTerm } from "./alarm-desk.ts";
import { DeskTerm } from "./desk-term.ts";
import { Judge, type LagMeasure } from "./judge.ts";
import { PlantFacts } from "./plant-facts.ts";
import { RelatedValues } from "./related-values.ts";

const REGISTRY_EVERY_MS = 60_000;

export interface TermOptions {
  readonly settings: SinkAlarmSettings;
  readonly file: string;
  readonly recipients: readonly Recipient[];
  readonly store: Store;
  /** How far the sinks are behind the hub; undefined while that cannot be told. */
  readonly lag: () => LagMeasure | undefined;
  /** A transition of the sink's own is in the database. */
  readonly onStored: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limitedLog: RateLimitedLog;
}

export function openTerm(options: TermOptions, lease: DeskLease, kept: KeptDesk): OpenTerm {
  const { store, settings, recipients, lag, clock, random, log, limitedLog } = options;
  const { rules, pipeline, policy } = settings;
  const nowMs = (): number => clock.now();
  const elapsedMs = (): number => clock.monotonic();
  const rows = store.rollups.bind(store);
  const values = new RelatedValues({ rows, elapsedMs, log: limitedLog });
  const facts = new PlantFacts(settings, options.file, values);
  const board = new AlarmBoard(policyOf(policy), kept, facts);
  const takenOff = (): number => board.takenOff;
  const judge = new Judge({ rules, pipeline, store, lag, takenOff, nowMs, elapsedMs });
  const ended = judge.load(kept.memory);
  const notifications = new Notifications({
    recipients,
    device: SINK,
    gateway: SINK,
    names: facts,
    states: () => board.states(),
    commit: async (write) => term.commit({ alarms: numbered(write, board) }),
    onAlarm: (transition) => void raiseOwn(options, transition),
    clock,
    random,
    log,
  });
  const term = new DeskTerm({
    desk: store.desk,
    lease,
    cursor: kept.cursor,
    board,
    judge,
    // Where nobody is told, nobody reads them.
    learn: async (alarms) => (recipients.length > 0 ? values.learn(alarms) : undefined),
    teller: {
      addressed: (notices) => notifications.entriesFor(notices, nowMs()),
      send: (entries) => {
        notifications.offer(entries);
        notifications.refresh();
      },
    },
    nowMs,
  });
  let registry: Timer | undefined;
  const learn = async (): Promise<void> => learnPlant(store, facts, limitedLog);
  return {
    term,
    start: async () => {
      await learn();
      registry = clock.every("registry", REGISTRY_EVERY_MS, () => void learn());
      notifications.start(kept.outbox);
      if (!ended.isEmpty) await term.commit(ended.write);
    },
    stop: async () => {
      registry?.cancel();
      await notifications.stop();
    },
  };
}

/** One journal has one count. */
function numbered(
  { outbox, outboxDone, journal }: OutboxWrite,
  board: AlarmBoard,
): NonNullable<Parameters<DeskTerm["commit"]>[0]["alarms"]> {
  const entries = journal.map((entry) => ({ id: board.nextJournalId(), ...entry }));
  return { outbox, outboxDone, journal: entries };
}

/** Like any other transition of the sink: it comes back by its serial. */
async function raiseOwn(options: TermOptions, transition: AlarmTransition): Promise<void> {
  const { store, clock, limitedLog, onStored } = options;
  limitedLog.warn(transition.tag, { rule: transition.rule }, transition.message);
  try {
    await store.raise({ gateway: SINK, receivedAtMs: clock.now(), isOwn: true, ...transition });
    onStored();
  } catch (error) {
    limitedLog.warn("raise", { reason: messageOf(error) }, "an alarm was not stored");
  }
}

async function learnPlant(store: Store, facts: PlantFacts, log: RateLimitedLog): Promise<void> {
  try {
    facts.replace(await store.devices());
  } catch (error) {
    log.warn("registry", { reason: messageOf(error) }, "notices lack units and sites");
  }
}
