/** The connection breaks during a commit: only the database knows whether it took place. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { PostgresStore } from "#cloud/store/postgres/postgres-store.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import {
  batch,
  block,
  chunkId,
  event,
  own,
  readings,
  rowsText,
  scope,
} from "#test/contracts/store-fixtures.ts";
import { describePeer } from "#test/support/peer.ts";
import { PostgresServer, postgres } from "#test/support/postgres.ts";
import { CuttingProxy } from "./cutting-proxy.ts";

let server: PostgresServer;
let proxy: CuttingProxy;
let store: PostgresStore;

describePeer("a commit that is cut off", [postgres], () => {
  beforeEach(async () => {
    server = await PostgresServer.start();
    const url = new URL(await server.emptyDatabase());
    proxy = new CuttingProxy(Number(url.port));
    url.port = String(await proxy.start());
    store = new PostgresStore({
      url: url.href,
      name: "test",
      foldEveryMs: 1e9,
      clock: systemClock,
      random: createRandom(1),
      log: silentLogger,
    });
    await store.start();
    await own(store);
  });

  afterEach(async () => {
    await store.stop();
    proxy.stop();
    await server.remove();
  });

  const send = [batch([event(0, [{ id: chunkId(0), content: readings(block([1, 2])) }])])];

  test("counts, and is told as committed, when the database has it", async () => {
    proxy.cut("after");
    expect(await store.accept(send)).toMatchObject([{ kind: "committed", duplicateChunks: 0 }]);
    expect(proxy.cuts).toBe(1);
    const open = await rowsText(store);
    expect(JSON.parse(open)).toMatchObject({ count: 2, sum: 3 });
    proxy.cut("after");
    await store.fold();
    expect(proxy.cuts).toBe(2);
    expect(await rowsText(store)).toBe(open);
    expect(await store.state()).toMatchObject({ journalEvents: 0, openRows: 0 });
  });

  test("leaves nothing, and may be tried again, when the database does not have it", async () => {
    proxy.cut("before");
    await expect(store.accept(send)).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(await rowsText(store)).toBe("");
    expect(await store.positions(scope)).toEqual([]);
    expect(await store.accept(send)).toMatchObject([{ kind: "committed", duplicateChunks: 0 }]);
    proxy.cut("before");
    await expect(store.fold()).rejects.toMatchObject({ code: "STORE_FAILED" });
    await store.fold();
    expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 2, sum: 3 });
  });
});
