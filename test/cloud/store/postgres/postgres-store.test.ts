import { afterAll, beforeAll } from "vitest";
import { PostgresStore } from "#cloud/store/postgres/postgres-store.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { storeContract } from "#test/contracts/store.ts";
import { SMALL_BOUNDS, type StoreUnderTest } from "#test/contracts/store-fixtures.ts";
import { storePurity } from "#test/contracts/store-purity.ts";
import { describePeer } from "#test/support/peer.ts";
import { PostgresServer, postgres } from "#test/support/postgres.ts";

let server: PostgresServer;

function open(url: string): PostgresStore {
  return new PostgresStore({
    url,
    name: "test",
    foldEveryMs: 1e9,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    alarmBounds: SMALL_BOUNDS,
  });
}

async function make(): Promise<StoreUnderTest> {
  const url = await server.emptyDatabase();
  const store = open(url);
  await store.start();
  const stores = [store];
  return {
    store,
    // The other one lives on and knows nothing of it: what a stopped process would leave behind.
    crash: async () => {
      const next = open(url);
      stores.push(next);
      await next.start();
      return next;
    },
    remove: async () => {
      for (const each of stores) await each.stop();
    },
  };
}

describePeer("PostgreSQL store", [postgres], () => {
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(async () => server.remove());
  storeContract("as every store", make);
  storePurity("alone", make, 6);
});
