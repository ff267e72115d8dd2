/** The desk of one database, and a rival that stands by, on a clock of the test's own. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { AlarmService } from "#cloud/alarms/alarm-service.ts";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import type { AlarmState } from "#core/alarms/contract.ts";
import { type Clock, systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { startAlarms } from "#test/cloud/alarms/running-alarms.ts";
import { transition } from "#test/contracts/store-desk.ts";
import { MINUTE, SMALL_BOUNDS } from "#test/contracts/store-fixtures.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";

let store: SqliteStore;
let owners = 0;

beforeEach(async () => {
  const folder = await tempFolder();
  store = new SqliteStore({
    folder,
    foldEveryMs: 1e9,
    clock: systemClock,
    log: silentLogger,
    alarmBounds: SMALL_BOUNDS,
  });
  await store.start();
});

afterEach(async () => {
  await store.stop();
});

function startService(clock: Clock = systemClock): AlarmService {
  owners += 1;
  return startAlarms(store, `desk-${owners}`, { clock });
}

/** Lets the clock go on until it is so. */
async function inTime(clock: ManualClock, isTrue: () => Promise<boolean>): Promise<void> {
  await until(async () => {
    await clock.advance(500);
    return isTrue();
  });
}

async function kinds(): Promise<string[]> {
  const entries = await store.desk.journal({ limit: 100 });
  return entries.map(({ kind, alarm }) => `${alarm?.device} ${kind}`).toReversed();
}

async function ofRule(rule: string): Promise<AlarmState[]> {
  return (await store.desk.states()).filter(({ raised }) => raised.rule === rule);
}

describe("the alarm desk", () => {
  test("takes in what was raised, once, whoever holds it", async () => {
    const first = startService();
    await until(() => first.isHeld);
    const second = startService();
    await store.raise(transition("a", { device: "oven-1" }));
    first.nudge();
    await until(async () => (await kinds()).includes("oven-1 raised"));
    await first.stop();
    await store.raise(transition("b", { device: "oven-2" }));
    second.nudge();
    onTestFinished(() => second.stop());
    await until(async () => (await kinds()).includes("oven-2 raised"));
    expect(await kinds()).toEqual(["oven-1 raised", "oven-2 raised"]);
    expect(await store.desk.backlog()).toMatchObject({ transitions: 0 });
    expect(second.isHeld).toBe(true);
  });

  test("does what it is asked for, and says why where it does not", async () => {
    const service = startService();
    await store.raise(transition("a"));
    await until(async () => (await store.desk.states()).length === 1);
    const [state] = await store.desk.states();
    if (!state) throw new TypeError("no alarm");
    const whom = { by: "ada", note: "seen" };
    const good = await store.desk.ask({ kind: "acknowledge", keys: [state.key], ...whom });
    const bad = await store.desk.ask({ kind: "acknowledge", keys: ["nothing"], ...whom });
    service.nudge();
    await until(async () => (await store.desk.answerOf(bad)) !== undefined);
    expect(await store.desk.answerOf(good)).toEqual({ kind: "done" });
    expect(await store.desk.answerOf(bad)).toMatchObject({
      kind: "refused",
      code: "ALARM_UNKNOWN",
    });
    const [after] = await store.desk.states();
    expect(after).toMatchObject({
      isAcknowledged: true,
      acknowledged: { by: "ada", note: "seen" },
    });
    await service.stop();
  });

  test("ends an alarm of a clock that was a day ahead, once the clock is right", async () => {
    const service = startService();
    const { ts, ...raised } = transition("a", { device: "oven-1" });
    await store.raise({ ...raised, ts: raised.receivedAtMs + 86_400_000 });
    const cleared = { receivedAtMs: raised.receivedAtMs + 1000, state: "cleared" as const };
    await store.raise({ ...transition("b", { device: "oven-1" }), ...cleared, ts: ts + 1000 });
    service.nudge();
    await until(async () => (await kinds()).length === 2);
    expect(await store.desk.states()).toMatchObject([
      { isActive: false, activeSince: raised.receivedAtMs },
    ]);
    await service.stop();
  });

  test("ends by itself what nobody can see the end of, and leaves it to be acknowledged", async () => {
    const clock = new ManualClock(MINUTE);
    const service = startService(clock);
    await store.raise(transition("lost", { rule: "gap", device: "(gateway)", tag: "(stream)" }));
    await inTime(clock, async () => (await kinds()).includes("(gateway) raised"));
    await clock.advance(590_000);
    expect(await kinds()).toEqual(["(gateway) raised"]);
    await inTime(clock, async () => (await kinds()).includes("(gateway) cleared"));
    expect(await store.desk.states()).toMatchObject([{ isActive: false, isAcknowledged: false }]);
    await service.stop();
  });

  test("says that it has missed something, and how much, when it was away for too long", async () => {
    const clock = new ManualClock(MINUTE);
    for (let at = 1; at <= SMALL_BOUNDS.waiting + 5; at++) await store.raise(transition(`t${at}`));
    const service = startService(clock);
    await inTime(clock, async () => (await kinds()).includes("(pipeline) raised"));
    expect(await ofRule("transitions-lost")).toMatchObject([
      { gateway: "(sink)", isActive: true, raised: { value: 5, priority: "high" } },
    ]);
    await service.stop();
    // Whoever goes on knows that it was told; nobody can see its end.
    const next = startService(clock);
    await inTime(clock, async () => next.isHeld);
    await clock.advance(590_000);
    await inTime(clock, async () => (await kinds()).includes("(pipeline) cleared"));
    const told = (await kinds()).filter((kind) => kind.startsWith("(pipeline)"));
    expect(told).toEqual(["(pipeline) raised", "(pipeline) cleared"]);
    expect(await ofRule("transitions-lost")).toMatchObject([
      { isActive: false, isAcknowledged: false },
    ]);
    await next.stop();
  });
});
