/** Alarms on disk, and a desk over them, for the tests. */
import { onTestFinished } from "vitest";
import { AlarmDesk, type AlarmDeskOptions, type Telling } from "#agent/alarms/alarm-desk.ts";
import {
  LevelAlarmStore,
  type LevelAlarmStoreOptions,
} from "#agent/alarms/store/level-alarm-store.ts";
import { nearest } from "#config/faults/nearest.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { AlarmState, Notice, OutboxEntry } from "#core/alarms/contract.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { FACTS, POLICY, transition } from "#test/core/alarms/sample.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

export const OVEN = "oven-2/temperature/limit-h";

export function openStore(
  folder: string,
  options: Partial<LevelAlarmStoreOptions> = {},
): LevelAlarmStore {
  const store = new LevelAlarmStore({
    folder,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    ...options,
  });
  onTestFinished(() => store.stop());
  return store;
}

/** An alarm that stands, as the model would have it. */
export function standing(place: string, ts: number): AlarmState {
  const raised = transition(place, "active", ts);
  return {
    key: place,
    gateway: "",
    raised,
    seen: [raised.id],
    isActive: true,
    isAcknowledged: false,
    isLatched: false,
    activeSince: ts,
    raises: 1,
    isChattering: false,
    isNotified: false,
  };
}

/** One recipient, who takes everything at once. */
export class Listener implements Telling {
  readonly told: Notice[] = [];

  entriesFor(notices: readonly Notice[], nowMs: number): OutboxEntry[] {
    const recipient = "shift.webhook";
    return notices.map((notice) => ({
      id: `${notice.id} ${recipient}`,
      recipient,
      notice,
      attempts: 0,
      dueAt: nowMs,
    }));
  }

  offer(entries: readonly OutboxEntry[]): void {
    this.told.push(...entries.map(({ notice }) => notice));
  }

  refresh(): void {
    // It shows nothing.
  }

  get ids(): string[] {
    return this.told.map(({ id }) => id);
  }
}

export interface DeskBench {
  desk: AlarmDesk;
  listener: Listener;
  clock: ManualClock;
  /** What the gateway says of itself, taken in as the agent would. */
  own: AlarmTransition[];
}

/** Loaded and started. */
export async function startDesk(
  store: AlarmDeskOptions["store"],
  clock = new ManualClock(),
): Promise<DeskBench> {
  const own: AlarmTransition[] = [];
  const listener = new Listener();
  const desk: AlarmDesk = new AlarmDesk({
    store,
    policy: POLICY,
    facts: FACTS,
    nearest,
    isWatched: ({ device, rule }) => (device === "absent" ? undefined : rule.startsWith("limit-")),
    onMaintenance: () => {},
    onAlarm: (found) => {
      own.push(found);
      desk.take([found]);
    },
    clock,
    log: silentLogger,
  });
  onTestFinished(() => desk.stop());
  await desk.load();
  desk.start(listener);
  return { desk, listener, clock, own };
}
