/** The watch over the pipeline, from what is measured to what is raised. */
import { beforeEach, describe, expect, test } from "vitest";
import { Judge, type LagMeasure } from "#cloud/alarms/judge.ts";
import { LatencyReport } from "#cloud/alarms/latency-report.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";
import { DurationHistogram } from "#core/histogram.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import { block, poison, readings } from "#test/contracts/store-fixtures.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { until } from "#test/support/until.ts";
import { FedStore } from "./fed-store.ts";

let fed: FedStore;
let store: FedStore["store"];
let clock: ManualClock;
let lag: LagMeasure | undefined;
let judge: Judge;
let takenOff = 0;

beforeEach(async () => {
  fed = await FedStore.start();
  store = fed.store;
  clock = new ManualClock();
  lag = { events: 0, retention: 0, knownUntilMs: undefined };
  takenOff = 0;
  const { rules, pipeline } = sinkAlarms.parse({});
  const elapsedMs = (): number => clock.monotonic();
  judge = new Judge({
    store,
    rules,
    pipeline,
    lag: () => lag,
    takenOff: () => takenOff,
    nowMs: () => clock.now(),
    elapsedMs,
  });
  await told();
});

async function told(): Promise<string[]> {
  const { raised } = await judge.judge();
  return raised.map(({ rule, state }) => `${rule} ${state}`);
}

/** What is raised at the end of the next minute. */
async function nextMinute(): Promise<string[]> {
  await clock.advance(60_000);
  return told();
}

async function send(good: number, bad: number): Promise<void> {
  for (let at = 0; at < good + bad; at++) {
    if (at < good) await fed.send(readings(block([1])));
    else await fed.deliver(poison(fed.sent, Buffer.from("x")));
  }
}

describe("the sink", () => {
  test("measures dead letters among all that came, minute by minute", async () => {
    await send(9, 1);
    expect(await nextMinute()).toEqual([]);
    await send(9, 1);
    expect(await told()).toEqual([]);
    expect(await nextMinute()).toEqual(["errors active"]);
    // A minute in which nothing comes says nothing.
    expect(await nextMinute()).toEqual([]);
    await send(9, 0);
    expect(await nextMinute()).toEqual(["errors cleared"]);
  });

  test("counts what waits in the hub in readings, by what a chunk has held so far", async () => {
    await fed.send(readings(block(Array.from({ length: 100 }, () => 1))));
    lag = { events: 10_000, retention: 0, knownUntilMs: undefined };
    expect(await nextMinute()).toEqual([]);
    lag = { events: 10_001, retention: 0, knownUntilMs: undefined };
    expect(await nextMinute()).toEqual(["backlog active"]);
    lag = undefined;
    expect(await nextMinute()).toEqual([]);
  });

  test("tells of alarms for which the list has no room, once a minute while it goes on", async () => {
    takenOff = 100;
    expect(await told()).toEqual(["alarms-full active"]);
    takenOff = 300;
    expect(await told()).toEqual([]);
    expect(await nextMinute()).toEqual(["alarms-full active"]);
    expect(await nextMinute()).toEqual([]);
  });

  test("watches the latency of all sinks, of which each reports its last minute", async () => {
    const histogram = new DurationHistogram();
    const log = new RateLimitedLog(silentLogger, clock);
    const options = { desk: () => store.desk, latency: histogram, clock, log };
    const report = new LatencyReport({ ...options, name: "slow" });
    report.start();
    await store.desk.report({ name: "quick", latencyP99Ms: 20, readings: 1e6 });
    histogram.record(900, 10);
    expect(await nextMinute()).toEqual([]);
    histogram.record(900, 10);
    expect(await nextMinute()).toEqual(["latency active"]);
    histogram.record(10, 10);
    await clock.advance(60_000);
    await until(async () => (await store.desk.reports()).some((each) => each.latencyP99Ms < 15));
    expect(await told()).toEqual(["latency cleared"]);
    await report.stop();
  });
});
