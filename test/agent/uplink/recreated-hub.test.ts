/** A hub that is made anew with another number of partitions, while copies of chunks are in both. */
import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test, vi } from "vitest";
import { Ingest } from "#cloud/ingest/ingest.ts";
import type { Store } from "#cloud/store/contract.ts";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { rowsText } from "#test/contracts/store-fixtures.ts";
import { TEST_HUB, type TestHub } from "#test/support/hub.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { append, startHub, startUplink, untilEmpty, WAIT } from "./support.ts";

const READINGS = 200;

function startIngest(hub: TestHub, store: Store): void {
  const { connectionString } = hub;
  const ingest = new Ingest({
    source: { connectionString, hub: TEST_HUB, consumerGroup: "$Default" },
    store,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    makeOwner: () => `sink-${randomUUID()}`,
    onAlarms: () => {},
    onFatal: (error) => {
      throw error;
    },
  });
  ingest.start();
  onTestFinished(() => ingest.stop());
}

test("counts once what two hubs of different partitions hold copies of, read at the same time", {
  timeout: 60_000,
}, async () => {
  const folder = await tempFolder();
  const first = await startHub({ partitions: 2 });
  // The hub takes everything, and the gateway never hears of it.
  first.hub.faults.confirmThenDrop(1_000_000);
  const before = await startUplink(first.connectionString, { folder });
  await Promise.all([
    append(before.buffer, 0, READINGS / 2, "oven"),
    append(before.buffer, 0, READINGS / 2, "pump"),
  ]);
  const { log } = [...first.hub.hubs()][0]!;
  const stored = (): number => log.partition(0).nextSeq + log.partition(1).nextSeq;
  await vi.waitFor(() => expect(stored()).toBeGreaterThan(3), WAIT);
  await before.stop();

  const second = await startHub({ partitions: 5 });
  const after = await startUplink(second.connectionString, { folder });
  await untilEmpty(after.buffer);

  const store = new SqliteStore({
    folder: await tempFolder(),
    foldEveryMs: 200,
    clock: systemClock,
    log: silentLogger,
  });
  await store.start();
  onTestFinished(() => store.stop());
  startIngest(first, store);
  startIngest(second, store);
  await vi.waitFor(async () => {
    const { totals } = await store.state();
    expect(totals.readings).toBe(READINGS);
    expect(totals.duplicateReadings).toBeGreaterThan(0);
  }, WAIT);
  const rows = (await rowsText(store)).split("\n").map((row): { count: number } => JSON.parse(row));
  expect(rows.map(({ count }) => count)).toEqual([READINGS / 2, READINGS / 2]);
});
