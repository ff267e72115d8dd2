/** After a power cut the sink is often up before its database. */
import { expect, onTestFinished } from "vitest";
import { Sink } from "#cloud/cloud.ts";
import { sinkSchema } from "#config/sink.ts";
import { systemClock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { startTestHub, TEST_HUB } from "#test/support/hub.ts";
import { peerTest } from "#test/support/peer.ts";
import { PostgresServer, postgres } from "#test/support/postgres.ts";
import { until } from "#test/support/until.ts";

const TIMEOUT_MS = 60_000;

async function startServer(): Promise<PostgresServer> {
  const server = await PostgresServer.start();
  onTestFinished(() => server.remove());
  return server;
}

async function sinkOn(url: string): Promise<Sink> {
  const hub = await startTestHub({ partitions: 1 });
  onTestFinished(() => hub.stop());
  const settings = sinkSchema.parse({
    version: 1,
    source: { connectionString: hub.connectionString, hub: TEST_HUB },
    store: { postgres: url },
    http: { listen: "127.0.0.1:0" },
  });
  return new Sink({
    file: "sink.yaml",
    settings,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    onFatal: (error) => {
      throw error;
    },
  });
}

async function health(sink: Sink): Promise<{ code: number; problems: string[] }> {
  const response = await fetch(`${sink.address}/healthz`);
  const { problems }: { problems: string[] } = JSON.parse(await response.text());
  return { code: response.status, problems };
}

peerTest(
  "a sink waits for its database, says so, and then works",
  [postgres],
  async () => {
    const server = await startServer();
    const sink = await sinkOn(await server.emptyDatabase());
    await server.halt();
    const starting = sink.start(new AbortController().signal);
    await until(() => !sink.address.endsWith(":0"));
    expect(await health(sink)).toEqual({ code: 503, problems: ["the database is not open yet"] });
    expect((await fetch(`${sink.address}/api/devices`)).status).toBe(503);
    await server.resume();
    await starting;
    onTestFinished(() => sink.stop());
    expect(await health(sink)).toEqual({ code: 200, problems: [] });
    expect((await fetch(`${sink.address}/api/devices`)).status).toBe(200);
  },
  TIMEOUT_MS,
);

peerTest(
  "a sink that waits for its database ends when it is told to",
  [postgres],
  async () => {
    const server = await startServer();
    const sink = await sinkOn(await server.emptyDatabase());
    await server.halt();
    const patience = new AbortController();
    const starting = sink.start(patience.signal);
    await until(() => !sink.address.endsWith(":0"));
    patience.abort();
    await expect(starting).rejects.toSatisfy(isAbort);
    await server.resume();
  },
  TIMEOUT_MS,
);

peerTest(
  "a sink does not wait for a database that is not there",
  [postgres],
  async () => {
    const server = await startServer();
    const url = (await server.emptyDatabase()).replace(/[^/]+$/, "misspelt");
    const sink = await sinkOn(url);
    const starting = sink.start(new AbortController().signal);
    await expect(starting).rejects.toMatchObject({ code: "STORE_FAILED" });
  },
  TIMEOUT_MS,
);
