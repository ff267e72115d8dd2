/** An ingest with a store in a folder of its own, before the embedded hub. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ingest } from "#cloud/ingest/ingest.ts";
import type { AlarmRow, Store } from "#cloud/store/contract.ts";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { type Clock, systemClock } from "#core/clock.ts";
import type { HubAccess } from "#core/event-hubs/access.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { TEST_HUB, type TestHub } from "#test/support/hub.ts";

export interface RunningIngest {
  readonly ingest: Ingest;
  readonly store: Store;
  readonly alarms: AlarmRow[];
  /** Of the database. */
  readonly folder: string;
  /** Ends it, and starts another one on the same data. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** `wrap` may put a store of the test's own before the real one. */
export async function startIngest(
  hub: TestHub,
  wrap: (store: Store) => Store = (store) => store,
  way: Pick<HubAccess, "webSockets" | "proxy"> = {},
  more: { clock?: Clock; makeOwner?: () => string } = {},
): Promise<RunningIngest> {
  const folder = mkdtempSync(join(tmpdir(), "penstock-sink-"));
  const alarms: AlarmRow[] = [];
  const { clock = systemClock, makeOwner = () => `sink-${randomUUID()}` } = more;
  const open = async (): Promise<{ store: Store; ingest: Ingest }> => {
    const real = new SqliteStore({ folder, foldEveryMs: 200, clock, log: silentLogger });
    await real.start();
    const store = wrap(real);
    const ingest = new Ingest({
      source: {
        connectionString: hub.connectionString,
        hub: TEST_HUB,
        consumerGroup: "$Default",
        ...way,
      },
      store,
      clock,
      random: createRandom(1),
      log: silentLogger,
      makeOwner,
      onAlarms: (raised) => alarms.push(...raised),
      onFatal: (error) => {
        throw error;
      },
    });
    ingest.start();
    return { store, ingest };
  };
  let running = await open();
  const stop = async (): Promise<void> => {
    await running.ingest.stop();
    await running.store.stop();
  };
  return {
    get ingest() {
      return running.ingest;
    },
    get store() {
      return running.store;
    },
    alarms,
    folder,
    restart: async () => {
      await stop();
      running = await open();
    },
    remove: async () => {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}
