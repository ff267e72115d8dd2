/** Several sinks in one process, on one database, which know nothing of each other. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Store } from "#cloud/store/contract.ts";
import { PostgresStore } from "#cloud/store/postgres/postgres-store.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import {
  batch,
  block,
  chunkId,
  event,
  MINUTE,
  own,
  readings,
  rowsText,
} from "#test/contracts/store-fixtures.ts";
import { storePurity } from "#test/contracts/store-purity.ts";
import { describePeer } from "#test/support/peer.ts";
import { PostgresServer, postgres } from "#test/support/postgres.ts";

const SINKS = 3;
const random = createRandom(11);
let server: PostgresServer;

async function openSinks(url: string, count: number): Promise<PostgresStore[]> {
  const stores: PostgresStore[] = [];
  for (let at = 0; at < count; at++) {
    const options = { url, name: `sink ${at}`, foldEveryMs: 1e9, clock: systemClock, random };
    const store = new PostgresStore({ ...options, log: silentLogger });
    await store.start();
    stores.push(store);
  }
  return stores;
}

/** Each call goes to any of the sinks. */
function anyOf(stores: readonly PostgresStore[]): Store {
  const [first] = stores;
  if (!first) throw new TypeError("no sink");
  return new Proxy<Store>(first, {
    get(_, property) {
      const target = stores[random.int(stores.length)] ?? first;
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describePeer("sinks that share a PostgreSQL", [postgres], () => {
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(async () => server.remove());

  storePurity(
    `${SINKS} sinks at random`,
    async () => {
      const url = await server.emptyDatabase();
      const stores = await openSinks(url, SINKS);
      return {
        store: anyOf(stores),
        // One more joins, who holds nothing of what the others hold.
        crash: async () => {
          stores.push(...(await openSinks(url, 1)));
          return anyOf(stores);
        },
        remove: async () => {
          for (const store of stores) await store.stop();
        },
      };
    },
    5,
  );

  test("count each chunk once when all take and fold the same at the same time", {
    timeout: 30_000,
  }, async () => {
    const stores = await openSinks(await server.emptyDatabase(), SINKS);
    const [first] = stores;
    if (!first) throw new TypeError("no sink");
    // After a hub was made anew, each may rightfully own a partition with the same chunks.
    for (let at = 0; at < SINKS; at++) await own(first, String(at));
    const chunks = 20;
    const send = async (store: Store, partition: string): Promise<void> => {
      for (let seq = 0; seq < chunks; seq++) {
        const content = readings(block([seq], MINUTE + seq * 1000), block([1], MINUTE, "pump"));
        const deliveries = [event(seq, [{ id: chunkId(seq), content }])];
        const [outcome] = await store.accept([batch(deliveries, { partition })]);
        expect(outcome).toMatchObject({ kind: "committed" });
        if (seq % 5 === 0) await store.fold();
      }
    };
    await Promise.all(stores.map(async (store, at) => send(store, String(at))));
    const { totals } = await first.state();
    expect(totals).toMatchObject({ chunks, duplicateChunks: (SINKS - 1) * chunks });
    const rows = async (): Promise<unknown[]> => {
      const text = await rowsText(first, { width: "5m" });
      return text.split("\n").map((line): unknown => JSON.parse(line));
    };
    const expected = [{ count: chunks, sum: (chunks * (chunks - 1)) / 2 }, { count: chunks }];
    expect(await rows()).toMatchObject(expected);
    for (const store of stores) await store.stop();
    const [last] = await openSinks(server.urlOf("plant"), 1);
    expect(JSON.parse(await rowsText(last ?? first, { device: "pump" }))).toMatchObject({
      count: chunks,
    });
    expect((await last?.state())?.totals).toEqual(totals);
    await last?.stop();
  });
});
