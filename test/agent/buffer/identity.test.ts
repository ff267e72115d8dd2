/** Buffers that were copied, restored or doubled, as the sink's store sees them. */
import { cp, rm } from "node:fs/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { StoredChunk } from "#agent/buffer/contract.ts";
import type { Delivery, Store } from "#cloud/store/contract.ts";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { packEvent, unpackEvent } from "#core/chunk-codec.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { batch, own } from "../../contracts/store-fixtures.ts";
import { drain, message, openBuffer } from "./support.ts";

const TS = Date.UTC(2026, 10, 21, 10, 0);

describe("what the sink makes of a buffer", () => {
  test("that was restored from an older image: other data under a used identity are set apart", async () => {
    const store = await openStore();
    const folder = await tempFolder();
    const image = await tempFolder();
    await storeOne(folder, 1);
    await cp(folder, image, { recursive: true });
    await storeOne(folder, 2);
    await deliver(store, await takeAll(folder));
    expect((await store.state()).totals).toMatchObject({ readings: 2, deadLettered: 0 });

    await rm(folder, { recursive: true });
    await cp(image, folder, { recursive: true });
    await storeOne(folder, 3);
    await deliver(store, await takeAll(folder));

    expect((await store.state()).totals).toMatchObject({ readings: 2, deadLettered: 1 });
    expect(await store.alarms(10)).toMatchObject([{ rule: "copy-differs", gateway: "hall-3" }]);
    const [letter] = await store.deadLetters(10);
    expect(letter).toMatchObject({ code: "CHUNK_DIFFERS" });
  });

  test("that was copied to a second machine: both count, and an alarm tells of two", async () => {
    const store = await openStore();
    const folder = await tempFolder();
    const copy = await tempFolder();
    await storeOne(folder, 1);
    await deliver(store, await takeAll(folder));
    await cp(folder, copy, { recursive: true });
    await storeOne(folder, 2);
    await storeOne(copy, 3, "machine-b");
    await deliver(store, await takeAll(copy, "machine-b"));
    await deliver(store, await takeAll(folder));
    await storeOne(copy, 4, "machine-b");
    await deliver(store, await takeAll(copy, "machine-b"));
    expect((await store.state()).totals).toMatchObject({ readings: 4, deadLettered: 0 });
    expect((await store.alarms(10)).map(({ rule }) => rule)).toEqual(["two-epochs"]);
  });

  test("of a second agent under the same name: both count, and an alarm tells of two", async () => {
    const store = await openStore();
    const [one, two] = [await tempFolder(), await tempFolder()];
    for (let round = 0; round < 2; round++) {
      await storeOne(one, round);
      await deliver(store, await takeAll(one));
      await storeOne(two, 10 + round, "machine-b");
      await deliver(store, await takeAll(two, "machine-b"));
    }
    expect((await store.state()).totals).toMatchObject({ readings: 4, deadLettered: 0 });
    expect((await store.alarms(10)).map(({ rule }) => rule)).toEqual(["two-epochs"]);
  });
});

let place = 0;

async function openStore(): Promise<Store> {
  const store = new SqliteStore({
    folder: await tempFolder(),
    foldEveryMs: 1e9,
    clock: systemClock,
    log: silentLogger,
  });
  await store.start();
  onTestFinished(() => store.stop());
  await own(store);
  return store;
}

async function storeOne(folder: string, value: number, machineId = "machine-a"): Promise<void> {
  const buffer = openBuffer(folder, { machineId });
  await buffer.start();
  await buffer.append(message("oven", TS + value, { t: value }));
  await buffer.stop();
}

async function takeAll(folder: string, machineId = "machine-a"): Promise<StoredChunk[]> {
  const buffer = openBuffer(folder, { machineId });
  await buffer.start();
  const chunks = await drain(buffer);
  await buffer.stop();
  return chunks;
}

/** As the uplink and the hub would: an event a chunk, in order. */
async function deliver(store: Store, chunks: readonly StoredChunk[]): Promise<void> {
  const deliveries = chunks.map(({ line }): Delivery => {
    const body = packEvent([line]);
    place += 1;
    return {
      position: { sequenceNumber: place, offset: `${place}` },
      enqueuedAtMs: TS + 30_000,
      body,
      content: { kind: "chunks", chunks: unpackEvent(body) },
    };
  });
  await store.accept([batch(deliveries)]);
}
