/** The sink's HTTP side before a real store; what the ingest would say is made up. */
import { onTestFinished } from "vitest";
import { SinkApi } from "#cloud/http/sink-api.ts";
import type { IngestView } from "#cloud/http/sink-view.ts";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { systemClock } from "#core/clock.ts";
import { DurationHistogram } from "#core/histogram.ts";
import { silentLogger } from "#core/log.ts";
import { MINUTE, own } from "#test/contracts/store-fixtures.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

export interface SampleSink {
  store: SqliteStore;
  api: SinkApi;
  latency: DurationHistogram;
  /** What the sink says is wrong; empty at first. */
  problems: string[];
}

/** Ends with the test. */
export async function startSampleSink(): Promise<SampleSink> {
  const folder = await tempFolder();
  const clock = systemClock;
  const log = silentLogger;
  const store = new SqliteStore({ folder, foldEveryMs: 1e9, clock, log });
  await store.start();
  await own(store);
  const latency = new DurationHistogram();
  const problems: string[] = [];
  const ingest: IngestView = {
    connected: true,
    failure: undefined,
    retries: 0,
    latency,
    lag: new DurationHistogram(),
    counters: { events: 3 },
    partitions: () => [{ id: "0", sequenceNumber: 7, offset: "70", enqueuedAtMs: MINUTE }],
    lost: () => [],
  };
  const process = { uptimeMs: () => 5, cpuMs: () => 6, rssBytes: () => 7 };
  const alarms = { isHeld: true };
  const view = { store, ingest, process, alarms, problems: () => problems };
  const api = new SinkApi({ host: "127.0.0.1", port: 0, view, clock, log });
  await api.start();
  onTestFinished(async () => {
    await api.stop();
    await store.stop();
  });
  return { store, api, latency, problems };
}
