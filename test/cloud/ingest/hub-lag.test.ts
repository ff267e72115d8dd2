import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type HubHeads, HubLag, type HubLagMeasure } from "#cloud/ingest/hub-lag.ts";
import type { PartitionPosition } from "#cloud/store/contract.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import { scope } from "#test/contracts/store-fixtures.ts";
import { startTestHub } from "#test/support/hub.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { until } from "#test/support/until.ts";
import { startIngest } from "./running-ingest.ts";

const EVERY_MS = 5000;

let clock: ManualClock;
let heads: HubHeads | undefined;
let positions: PartitionPosition[];
let lag: HubLag;

beforeEach(() => {
  clock = new ManualClock();
  heads = undefined;
  positions = [];
  const store = { positions: async () => positions };
  const log = new RateLimitedLog(silentLogger, clock);
  lag = new HubLag({ heads: async () => heads, store, clock, log });
});

function hubHas(...partitions: [first: number, last: number][]): void {
  heads = {
    scope,
    partitions: partitions.map(([first, last], at) => ({ partition: String(at), first, last })),
  };
}

function committed(...sequenceNumbers: number[]): void {
  positions = sequenceNumbers.map((sequenceNumber, at) => ({
    partition: String(at),
    sequenceNumber,
    offset: "",
  }));
}

async function next(): Promise<HubLagMeasure | undefined> {
  await clock.advance(EVERY_MS);
  lag.latest();
  await clock.advance(0);
  return lag.latest();
}

describe("how far the sinks are behind the hub", () => {
  test("is the sum over all partitions, whoever reads them", async () => {
    hubHas([0, 9], [0, -1], [0, 4]);
    committed(7);
    expect(await next()).toMatchObject({ events: 2 + 5, retention: 0 });
  });

  test("counts what is retained, not what has expired", async () => {
    hubHas([100, 199]);
    committed(10);
    expect(await next()).toMatchObject({ events: 100, retention: 1 });
    committed(139);
    expect(await next()).toMatchObject({ events: 60, retention: 0.6 });
  });

  test("says up to when all is known: what the hub had then is committed", async () => {
    hubHas([0, 9]);
    committed(3);
    const askedAtMs = clock.now() + EVERY_MS;
    expect(await next()).toMatchObject({ knownUntilMs: undefined });
    hubHas([0, 20]);
    committed(8);
    expect(await next()).toMatchObject({ knownUntilMs: undefined });
    committed(9);
    expect(await next()).toMatchObject({ knownUntilMs: askedAtMs });
    // Nothing is committed any more: it stays where it was.
    expect(await next()).toMatchObject({ knownUntilMs: askedAtMs });
  });

  test("asks the hub every five seconds, and tells nothing while it is away", async () => {
    hubHas([0, 9]);
    expect(await next()).toMatchObject({ events: 10 });
    hubHas([0, 19]);
    expect(lag.latest()).toMatchObject({ events: 10 });
    heads = undefined;
    expect(await next()).toBeUndefined();
  });

  test("is asked of a hub as it is", async () => {
    const hub = await startTestHub({ partitions: 2 });
    onTestFinished(() => hub.stop());
    const running = await startIngest(hub);
    onTestFinished(() => running.remove());
    await until(() => running.ingest.connected);
    const found = await running.ingest.heads();
    expect(found?.partitions.map(({ partition }) => partition)).toEqual(["0", "1"]);
    for (const { first, last } of found?.partitions ?? []) expect(last).toBeLessThan(first);
  });
});
