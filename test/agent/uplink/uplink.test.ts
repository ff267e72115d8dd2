import { describe, expect, test, vi } from "vitest";
import { unpackEvent } from "#core/chunk-codec.ts";
import { createRandom } from "#core/random.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { message, openBuffer } from "../buffer/support.ts";
import { append, chunksOf, receive, startHub, startUplink, untilEmpty, WAIT } from "./support.ts";

describe("the uplink", { timeout: 60_000 }, () => {
  test("delivers every chunk once, a lane to a partition, in order, and empties the buffer", async () => {
    const hub = await startHub();
    const events = receive(hub.connectionString);
    const { buffer, uplink } = await startUplink(hub.connectionString);
    for (let i = 0; i < 40; i++) {
      await buffer.append(message(`device-${i % 5}`, i, { value: i, twice: 2 * i }));
    }
    await untilEmpty(buffer);
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

  test("cuts an event smaller when the hub finds it too large", async () => {
    const hub = await startHub({ messageBytesMax: 4096, partitions: 2 });
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
    const { buffer, uplink } = await startUplink(hub.connectionString, { folder });
    await untilEmpty(buffer);
    expect(uplink.status()).toMatchObject({ readings: 1200, failures: 0 });
    expect(uplink.status().events).toBeGreaterThan(1);
    expect(buffer.status().droppedReadings).toBe(0);
  });

  test("sends what an outage left behind marked, beside what is new, and tells what it still owes", async () => {
    const folder = await tempFolder();
    const left = openBuffer(folder);
    await left.start();
    await append(left, 0, 50);
    await left.stop();
    const hub = await startHub();
    const events = receive(hub.connectionString);
    const { buffer, uplink } = await startUplink(hub.connectionString, { folder });
    await append(buffer, 50, 60);
    await untilEmpty(buffer);
    await vi.waitFor(() => expect(chunksOf(events).length).toBe(uplink.status().chunks), WAIT);
    for (const event of events) {
      const isBacklog = chunksOf([event]).every(({ id }) => id.seq < 50);
      const { backlog, owedFrom, seq } = event.properties ?? {};
      expect(backlog).toBe(isBacklog ? true : undefined);
      const tells = isBacklog ? owedFrom === seq : owedFrom === undefined || owedFrom < 50;
      expect(tells).toBe(true);
    }
    expect(uplink.status()).toMatchObject({ readings: 60, backlogReadings: 50 });
  });
});
