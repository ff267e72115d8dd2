/** A rule that is taken out of the sink's file, and put back: each time with a restart of the sink. */
import { beforeEach, describe, expect, test } from "vitest";
import type { AlarmService } from "#cloud/alarms/alarm-service.ts";
import { ruleAlarm } from "#cloud/alarms/rule-alarms.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";
import { block, MINUTE, readings } from "#test/contracts/store-fixtures.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { until } from "#test/support/until.ts";
import { FedStore } from "./fed-store.ts";
import { startAlarms } from "./running-alarms.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HOT = { name: "too hot", series: "*/*/temperature", over: "1m", mean: "> 245" };
const LATER = MINUTE + HOUR_MS;

let fed: FedStore;
let store: FedStore["store"];
let starts: number;

beforeEach(async () => {
  fed = await FedStore.start();
  store = fed.store;
  starts = 0;
});

/** One reading each minute: the windows before are final. */
async function send(...values: number[]): Promise<void> {
  for (const value of values) {
    const content = readings(block([value], MINUTE + fed.sent * MINUTE_MS));
    await fed.send(content, { enqueuedAtMs: LATER + HOUR_MS });
  }
}

/** Runs a sink with these rules until it has judged what is final, and the journal has so many entries. */
async function runWith(rules: readonly unknown[], entries: number, nowMs = LATER): Promise<void> {
  starts += 1;
  const clock = new ManualClock(nowMs);
  const settings = sinkAlarms.parse({ rules });
  const service: AlarmService = startAlarms(store, `desk-${starts}`, { settings, clock });
  await until(async () => {
    await clock.advance(500);
    return (rules.length === 0 || (await isJudged())) && (await kinds()).length >= entries;
  });
  await service.stop();
}

async function isJudged(): Promise<boolean> {
  const { memory } = await store.desk.load();
  const text = String(MINUTE + (fed.sent - 1) * MINUTE_MS);
  return memory.some((kept) => kept.key.startsWith('["judged"') && kept.text === text);
}

async function kinds(): Promise<string[]> {
  const entries = await store.desk.journal({ limit: 100 });
  return entries
    .map(({ kind, note }) => (note === undefined ? kind : `${kind}: ${note}`))
    .toReversed();
}

describe("a rule of the sink's", () => {
  test("that is taken out and put back raises its alarm anew, from the next final window on", async () => {
    await send(20);
    await runWith([HOT], 0);
    await send(250, 250);
    await runWith([HOT], 1);
    await runWith([], 2);
    expect(await store.desk.states()).toMatchObject([{ isActive: false, isAcknowledged: false }]);
    await runWith([HOT], 2);
    await send(250);
    await runWith([HOT], 3);
    expect(await kinds()).toEqual(["raised", "cleared", "raised"]);
    expect(await store.desk.states()).toMatchObject([{ isActive: true, raises: 2 }]);
    await send(20, 20);
    await runWith([HOT], 4);
    expect(await store.desk.states()).toMatchObject([{ isActive: false }]);
  });

  test("that is put back is not for what was meanwhile, where rules for others stayed", async () => {
    const others = { ...HOT, name: "other", series: "hall-9/*/temperature" };
    await send(20);
    await runWith([HOT, others], 0);
    await runWith([others], 0);
    await send(250, 250, 20, 20);
    await runWith([others], 0);
    await runWith([HOT, others], 0);
    await send(250, 250);
    await runWith([HOT, others], 1);
    expect(await kinds()).toEqual(["raised"]);
    const [state] = await store.desk.states();
    expect(state?.activeSince).toBe(MINUTE + 6 * MINUTE_MS);
  });

  test("ends with it though the sink's clock was set back meanwhile", async () => {
    await send(20);
    await runWith([HOT], 0);
    await send(250, 250);
    await runWith([HOT], 1);
    await runWith([], 2, MINUTE - HOUR_MS);
    expect(await kinds()).toEqual(["raised", "cleared"]);
    expect(await store.desk.states()).toMatchObject([{ isActive: false }]);
  });

  test("is over when its end came last, also where both wait to be taken in", async () => {
    const place = { gateway: "hall-3", device: "oven-2", tag: "temperature", rule: "too hot" };
    const said = { priority: "high", value: 250, expected: 245, message: "too hot" } as const;
    const raise = { ...place, ...said, change: "active", ts: LATER } as const;
    await store.raise(ruleAlarm(raise, LATER));
    await store.raise(ruleAlarm({ ...raise, change: "cleared", ts: LATER - 5000 }, LATER));
    await runWith([], 2);
    expect(await kinds()).toEqual(["raised", "cleared"]);
  });

  test("may come to what it came to before: that is another alarm", () => {
    const change = {
      gateway: "hall-3",
      device: "oven-2",
      tag: "(device)",
      rule: "silent oven",
      priority: "high",
      change: "active",
      ts: MINUTE,
      value: 90,
      expected: 60,
      message: "no reading",
    } as const;
    expect(ruleAlarm(change, LATER + 5000).id).not.toBe(ruleAlarm(change, LATER).id);
  });
});
