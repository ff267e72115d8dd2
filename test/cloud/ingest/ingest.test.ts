/** The ingest against the embedded hub, through the real SDK on both sides. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { EventHubProducerClient } from "@azure/event-hubs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "#cloud/store/contract.ts";
import type { ChunkContent, ChunkId } from "#core/chunk.ts";
import { CHUNK_CONTENT_TYPE, encodeChunk, packEvent } from "#core/chunk-codec.ts";
import { type Clock, systemClock } from "#core/clock.ts";
import { block, chunkId, readings, rowsText } from "#test/contracts/store-fixtures.ts";
import { eventually, impatient, startTestHub, type TestHub } from "#test/support/hub.ts";
import { type RunningIngest, startIngest } from "./running-ingest.ts";

const TIMEOUT_MS = 60_000;

let hub: TestHub;
let producer: EventHubProducerClient;
let running: RunningIngest;

beforeEach(async () => {
  hub = await startTestHub();
  producer = new EventHubProducerClient(hub.connectionString, impatient);
});

afterEach(async () => {
  await running.remove();
  await producer.close();
  await hub.stop();
});

function bodyOf(id: ChunkId, content: ChunkContent): Buffer {
  return packEvent([encodeChunk({ id, content })]);
}

/** One event a chunk of one reading, with the seqs from `from` to before `to`. */
async function send(from: number, to: number, key = "hall-3/0"): Promise<void> {
  const events = Array.from({ length: to - from }, (_, at) => ({
    body: bodyOf(chunkId(from + at), readings(block([from + at]))),
    contentType: CHUNK_CONTENT_TYPE,
  }));
  await producer.sendBatch(events, { partitionKey: key });
}

async function accepted(chunks: number, deadlineMs?: number): Promise<void> {
  const condition = async (): Promise<boolean> =>
    (await running.store.state()).totals.chunks >= chunks;
  await eventually(`${chunks} chunks accepted`, condition, deadlineMs);
}

async function count(): Promise<unknown> {
  const row: { count: number } = JSON.parse(await rowsText(running.store));
  return row.count;
}

describe("ingest from the hub", () => {
  test("takes what was sent before and after it began", { timeout: TIMEOUT_MS }, async () => {
    await send(0, 50);
    running = await startIngest(hub);
    await accepted(50);
    await send(50, 60);
    await accepted(60);
    expect(await count()).toBe(60);
    expect(running.ingest.latency.summary().count).toBe(60);
    const read = running.ingest.partitions().filter((entry) => entry.sequenceNumber !== undefined);
    expect(read).toMatchObject([{ sequenceNumber: 59 }]);
  });

  test("goes on where it was, and counts nothing twice", { timeout: TIMEOUT_MS }, async () => {
    running = await startIngest(hub);
    await send(0, 20);
    await accepted(20);
    await running.restart();
    await send(10, 30);
    await accepted(30);
    expect(await count()).toBe(30);
    expect((await running.store.state()).totals).toMatchObject({ chunks: 30, duplicateChunks: 10 });
    expect(running.ingest.counters.events).toBe(20);
  });

  test("puts poison aside with its reason and goes on", { timeout: TIMEOUT_MS }, async () => {
    running = await startIngest(hub);
    const future = Buffer.from('{"v":2,"kind":"readings"}');
    const bodies = [
      Buffer.from("not gzip"),
      "text, not bytes",
      packEvent([future]),
      packEvent([
        encodeChunk({ id: chunkId(0), content: readings(block([1])) }),
        encodeChunk({ id: chunkId(1, { lane: 3 }), content: readings(block([1])) }),
      ]),
      bodyOf(chunkId(0), readings(block([1], 1e17))),
      packEvent([Buffer.alloc(17 * 1024 * 1024, 0x20)]),
      bodyOf(chunkId(0), readings(block([7]))),
    ];
    for (const body of bodies) await producer.sendBatch([{ body }], { partitionKey: "hall-3/0" });
    await accepted(1);
    expect(await count()).toBe(1);
    const letters = await running.store.deadLetters(10);
    expect(letters.map(({ code }) => code).toReversed()).toEqual([
      "CHUNK_MALFORMED",
      "CHUNK_MALFORMED",
      "CHUNK_VERSION_UNKNOWN",
      "CHUNK_MALFORMED",
      "CHUNK_MALFORMED",
      "CHUNK_TOO_LARGE",
    ]);
    expect(letters.map(({ reason }) => reason).join("\n")).toContain("several lanes");
  });

  test("resumes after the hub was away", { timeout: TIMEOUT_MS }, async () => {
    running = await startIngest(hub);
    await send(0, 10);
    await accepted(10);
    await hub.restart();
    await producer.close();
    producer = new EventHubProducerClient(hub.connectionString, impatient);
    await send(10, 20);
    await accepted(20, 15_000);
    expect(await count()).toBe(20);
  });

  test("resumes within seconds after the hub was away for seconds", {
    timeout: TIMEOUT_MS,
  }, async () => {
    running = await startIngest(hub);
    await send(0, 10);
    await accepted(10);
    const { port } = hub.hub.address;
    const { dataDir } = hub;
    await hub.hub.stop();
    await systemClock.sleep(1500, { name: "the hub is away" });
    hub = await startTestHub({ port, dataDir });
    await producer.close();
    producer = new EventHubProducerClient(hub.connectionString, impatient);
    await send(10, 20);
    // The SDK by itself takes 30 s: its balancer waits for so long after a refused connection.
    await accepted(20, 10_000);
    expect(await count()).toBe(20);
    expect(running.ingest.counters.rebuilds).toBeGreaterThan(0);
  });

  test("reads a hub made anew from its beginning, and knows its chunks", {
    timeout: TIMEOUT_MS,
  }, async () => {
    running = await startIngest(hub);
    await send(0, 10);
    await accepted(10);
    const { port } = hub.hub.address;
    const { dataDir } = hub;
    await hub.hub.stop();
    await rm(dataDir, { recursive: true });
    const keys = hub.connectionString;
    hub = await startTestHub({ port, dataDir, keys: keysOf(keys) });
    await producer.close();
    producer = new EventHubProducerClient(hub.connectionString, impatient);
    // They get the very sequence numbers that the old hub's events had.
    await send(5, 15);
    await accepted(15, 30_000);
    expect(await count()).toBe(15);
    expect((await running.store.state()).totals).toMatchObject({ chunks: 15, duplicateChunks: 5 });
  });

  test("reads everything again when its positions are lost, and counts nothing twice", {
    timeout: TIMEOUT_MS,
  }, async () => {
    running = await startIngest(hub);
    await send(0, 20);
    await accepted(20);
    const database = new DatabaseSync(join(running.folder, "sink.sqlite"));
    database.exec("DELETE FROM position");
    // It has read up to there itself; what it would commit next does not follow what is committed.
    await send(20, 25);
    await accepted(25);
    expect(running.ingest.counters.behind).toBeGreaterThan(0);
    expect((await running.store.state()).totals).toMatchObject({ duplicateChunks: 20 });
    expect(await count()).toBe(25);
    database.exec("DELETE FROM position");
    database.close();
    await running.restart();
    await send(25, 30);
    await accepted(30);
    expect((await running.store.state()).totals).toMatchObject({ duplicateChunks: 45 });
    expect(await count()).toBe(30);
  });

  test("begins anew when a partition stands still", { timeout: TIMEOUT_MS }, async () => {
    let aheadMs = 0;
    // The watchdog looks every 5 s, and takes 30 s of silence for a standstill.
    const clock: Clock = {
      now: () => systemClock.now(),
      monotonic: () => systemClock.monotonic() + aheadMs,
      sleep: async (delayMs, options) => systemClock.sleep(delayMs, options),
      after: (name, delayMs, run) => systemClock.after(name, delayMs, run),
      every: (name, intervalMs, run) =>
        systemClock.every(name, name === "partition watchdog" ? 200 : intervalMs, run),
    };
    let owners = 0;
    const makeOwner = (): string => {
      owners += 1;
      return `sink-${owners}`;
    };
    running = await startIngest(hub, withStandstill, {}, { clock, makeOwner });
    await eventually("the others are read", () => running.ingest.partitions().length === 3);
    aheadMs = 31_000;
    await eventually("all are read", () => running.ingest.partitions().length === 4);
    expect(running.ingest.counters.stalls).toBeGreaterThan(0);
    await send(0, 5);
    await accepted(5);
  });

  test("drops what it received of a partition that is another's, and reads it again later", {
    timeout: TIMEOUT_MS,
  }, async () => {
    running = await startIngest(hub);
    await send(0, 5);
    await accepted(5);
    const { store, ingest } = running;
    const { createdOn } = await producer.getEventHubProperties();
    const scope = {
      namespace: "127.0.0.1",
      hub: "telemetry",
      consumerGroup: "$Default",
      incarnation: createdOn.getTime(),
    };
    const take = async (owner: string): Promise<void> => {
      for (const { partition, etag } of await store.ownerships(scope)) {
        await store.claim(scope, [{ partition, owner, etag }]);
      }
    };
    expect(await store.ownerships(scope)).toHaveLength(4);
    await take("intruder");
    await send(5, 10);
    await eventually("the batch is refused", () => ingest.counters.fenced > 0);
    expect(await count()).toBe(5);
    await take("");
    await accepted(10);
    expect(await count()).toBe(10);
  });

  test("takes no more than its share in advance while the store stands still", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const gate = Promise.withResolvers<void>();
    running = await startIngest(hub, (store) => waiting(store, gate.promise));
    await eventually("subscribed", () => running.ingest.connected);
    // Many small sends: each receive call of the SDK would grant its full credit anew.
    for (let at = 0; at < 3000; at += 50) await send(at, at + 50);
    await eventually("the feed is full", () => running.ingest.counters.events >= 100);
    const ahead = (): number => hub.hub.counters.eventsOut - running.ingest.counters.events;
    let sent = -1;
    let polls = 0;
    await eventually("the hub has sent what it may", () => {
      polls = ahead() === sent ? polls + 1 : 0;
      sent = ahead();
      return polls > 30;
    });
    expect(ahead()).toBeLessThanOrEqual(200);
    gate.resolve();
    await accepted(3000, 30_000);
    expect(await count()).toBe(3000);
  });
});

/** The keys within a connection string, so that a new hub lets old clients in. */
function keysOf(
  connectionString: string,
): { name: string; key: string; rights: ["Manage", "Send", "Listen"] }[] {
  const name = /SharedAccessKeyName=([^;]+)/.exec(connectionString)?.[1] ?? "";
  const key = /SharedAccessKey=([^;]+)/.exec(connectionString)?.[1] ?? "";
  return [{ name, key, rights: ["Manage", "Send", "Listen"] }];
}

/**
 * The store, which tells the first session that it owns partition 2 already: the SDK then thinks it
 * is read, and nobody reads it.
 */
function withStandstill(store: Store): Store {
  return new Proxy(store, {
    get(target, property) {
      if (property === "ownerships") {
        return async (scope: Parameters<Store["ownerships"]>[0]) => {
          const known = await target.ownerships(scope);
          if (known.some(({ partition }) => partition === "2")) return known;
          await target.claim(scope, [{ partition: "2", owner: "sink-1", etag: undefined }]);
          return target.ownerships(scope);
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The store, whose `accept` waits for a promise first. */
function waiting(store: Store, gate: Promise<void>): Store {
  return new Proxy(store, {
    get(target, property) {
      if (property === "accept") {
        return async (batches: Parameters<Store["accept"]>[0]) => {
          await gate;
          return target.accept(batches);
        };
      }
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
