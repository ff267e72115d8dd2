import {
  EventHubConsumerClient,
  earliestEventPosition,
  type ReceivedEventData,
} from "@azure/event-hubs";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { makeProducer } from "#agent/uplink/hub-client.ts";
import { Uplink } from "#agent/uplink/uplink.ts";
import { Hub } from "#cloud/hub/hub.ts";
import { type ReceivedChunk, unpackEvent } from "#core/chunk-codec.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { message, openBuffer } from "../buffer/support.ts";

const HUB = "telemetry";
const WAIT = { timeout: 15_000, interval: 25 };

async function startHub(dataDir: string, port = 0): Promise<Hub> {
  const hub = new Hub({
    clock: systemClock,
    log: silentLogger,
    dataDir,
    port,
    hubs: [{ name: HUB, partitions: 4 }],
  });
  await hub.start();
  onTestFinished(() => hub.stop());
  return hub;
}

async function startUplink(connectionString: string, folder: string) {
  const buffer = openBuffer(folder);
  const uplink = new Uplink({
    makeClient: (timeoutMs) => makeProducer({ connectionString, hub: HUB }, timeoutMs),
    lingerMs: 5,
    bytesPerSecond: 1e6,
    backlogShare: 0.5,
    buffer,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    onAlarm: () => {},
  });
  await buffer.start();
  uplink.start();
  const stop = async (): Promise<void> => {
    await uplink.stop();
    await buffer.stop();
  };
  onTestFinished(stop);
  return { buffer, uplink, stop };
}

/** All events of the hub, as they come. */
function receive(connectionString: string): ReceivedEventData[] {
  const events: ReceivedEventData[] = [];
  const client = new EventHubConsumerClient("$Default", connectionString, HUB);
  const subscription = client.subscribe(
    {
      processEvents: async (received) => {
        events.push(...received);
      },
      processError: async () => {},
    },
    { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 0.1, maxBatchSize: 100 },
  );
  onTestFinished(async () => {
    await subscription.close();
    await client.close();
  });
  return events;
}

function chunksOf(events: readonly ReceivedEventData[]): ReceivedChunk[] {
  return events.flatMap((event) => unpackEvent(event.body));
}

describe("the uplink", { timeout: 60_000 }, () => {
  test("delivers every chunk once, a lane to a partition, in order, and empties the buffer", async () => {
    const hub = await startHub(await tempFolder());
    const connectionString = hub.connectionString(HUB);
    const events = receive(connectionString);
    const { buffer, uplink } = await startUplink(connectionString, await tempFolder());
    for (let i = 0; i < 40; i++) {
      await buffer.append(message(`device-${i % 5}`, i, { value: i, twice: 2 * i }));
    }
    await vi.waitFor(() => expect(buffer.status().segments).toBe(0), WAIT);
    await vi.waitFor(() => expect(chunksOf(events).length).toBe(uplink.status().chunks), WAIT);

    for (const lane of [0, 1, 2, 3]) {
      const ofLane = events.filter((event) => event.properties?.["lane"] === lane);
      expect(new Set(ofLane.map((event) => event.partitionKey)).size).toBeLessThanOrEqual(1);
      const seqs = chunksOf(ofLane).map((chunk) => chunk.id.seq);
      expect(seqs).toEqual(seqs.map((_, i) => i));
      for (const event of ofLane) {
        const [first] = unpackEvent(event.body);
        expect(event.partitionKey).toBe(`hall-3/${lane}`);
        expect(event.properties).toMatchObject({
          gateway: "hall-3",
          epoch: buffer.epoch,
          seq: first!.id.seq,
          chunks: unpackEvent(event.body).length,
        });
      }
    }
    expect(uplink.status()).toMatchObject({ state: "connected", readings: 80, failures: 0 });
  });

  test("keeps everything while the hub is away, and sends it when the hub is back", async () => {
    const hubFolder = await tempFolder();
    const first = await startHub(hubFolder);
    const connectionString = first.connectionString(HUB);
    const { port } = first.address;
    const { buffer, uplink } = await startUplink(connectionString, await tempFolder());
    await buffer.append(message("oven", 1, { t: 1 }));
    await vi.waitFor(() => expect(buffer.status().segments).toBe(0), WAIT);
    await first.stop();
    for (let i = 2; i <= 20; i++) await buffer.append(message("oven", i, { t: i }));
    await vi.waitFor(() => expect(uplink.status().failures).toBeGreaterThan(0), WAIT);
    expect(buffer.status().segments).toBeGreaterThan(0);

    await startHub(hubFolder, port);
    const events = receive(connectionString);
    await vi.waitFor(() => expect(buffer.status().segments).toBe(0), WAIT);
    await vi.waitFor(() => {
      const values = new Set<unknown>();
      for (const { content } of chunksOf(events)) {
        for (const block of content.kind === "readings" ? content.blocks : []) {
          for (const value of block.columns[0]!) values.add(value);
        }
      }
      expect(values.size).toBe(20);
    }, WAIT);
  });

  test("cuts an event smaller when the hub finds it too large", async () => {
    const hub = new Hub({
      clock: systemClock,
      log: silentLogger,
      dataDir: await tempFolder(),
      messageBytesMax: 4096,
      hubs: [{ name: HUB, partitions: 2 }],
    });
    await hub.start();
    onTestFinished(() => hub.stop());
    const folder = await tempFolder();
    const filled = openBuffer(folder);
    await filled.start();
    const random = createRandom(3);
    for (let i = 0; i < 30; i++) {
      const noise = Object.fromEntries(
        Array.from({ length: 40 }, (_, tag) => [`tag-${tag}`, random.next()]),
      );
      await filled.append(message("noisy", i, noise));
    }
    await filled.stop();
    const { buffer, uplink } = await startUplink(hub.connectionString(HUB), folder);
    await vi.waitFor(() => expect(buffer.status().segments).toBe(0), WAIT);
    expect(uplink.status()).toMatchObject({ readings: 1200, failures: 0 });
    expect(uplink.status().events).toBeGreaterThan(1);
    expect(buffer.status().droppedReadings).toBe(0);
  });
});
