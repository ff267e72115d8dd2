/** What the alarm desk needs of PostgreSQL beyond the contract of stores. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ALARM_BOUNDS } from "#cloud/store/alarm-bounds.ts";
import { AlarmTable } from "#cloud/store/postgres/alarm-table.ts";
import { Database } from "#cloud/store/postgres/database.ts";
import { MIGRATIONS } from "#cloud/store/postgres/migrations.ts";
import { PostgresStore } from "#cloud/store/postgres/postgres-store.ts";
import { prepareSchema } from "#cloud/store/postgres/schema.ts";
import { systemClock } from "#core/clock.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { transition } from "#test/contracts/store-desk.ts";
import { TIMEOUT_MS } from "#test/contracts/store-fixtures.ts";
import { describePeer } from "#test/support/peer.ts";
import { PostgresServer, postgres } from "#test/support/postgres.ts";
import { until } from "#test/support/until.ts";

const LONG_MS = 60_000;
const clock = systemClock;
const random = createRandom(1);
let server: PostgresServer;

async function startStore(url: string, name = "test"): Promise<PostgresStore> {
  const options = { url, name, foldEveryMs: 1e9, clock, random, log: silentLogger };
  const store = new PostgresStore(options);
  await store.start();
  onTestFinished(() => store.stop());
  return store;
}

function openDatabase(url: string): Database {
  const log = new RateLimitedLog(silentLogger, clock);
  const database = new Database({ url, clock, random, log });
  onTestFinished(() => database.stop());
  return database;
}

describePeer("the alarm desk on PostgreSQL", [postgres], () => {
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(async () => server.remove());

  test("shows no transition before one that has a lower serial", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const url = await server.emptyDatabase();
    const store = await startStore(url);
    const database = openDatabase(url);
    const written = Promise.withResolvers<void>();
    const mayCommit = Promise.withResolvers<void>();
    const first = database.transaction(async (sql) => {
      await new AlarmTable(ALARM_BOUNDS).add(sql, [transition("first")]);
      written.resolve();
      await mayCommit.promise;
    });
    await written.promise;
    const second = store.raise(transition("second"));
    await until(async () => {
      const waiting = await database.query(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
      );
      return waiting.rows.length === 1;
    });
    expect(await store.desk.transitionsAfter(0, 10)).toEqual([]);
    mayCommit.resolve();
    await first;
    await second;
    const ids = (await store.desk.transitionsAfter(0, 10)).map(({ alarm }) => alarm.id);
    expect(ids).toEqual(["first", "second"]);
  });

  test("passes to another sink as soon as its holder is known to be dead", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const url = await server.emptyDatabase();
    const [holder, rival] = [await startStore(url, "holder"), await startStore(url, "rival")];
    const lease = await holder.desk.claim("desk-1", LONG_MS);
    expect(lease).toBeDefined();
    expect(await rival.desk.claim("desk-2", LONG_MS)).toBeUndefined();
    await openDatabase(url).query("UPDATE sink SET retired = true WHERE name = 'holder'");
    expect(await rival.desk.claim("desk-2", LONG_MS)).toMatchObject({ owner: "desk-2" });
    expect(lease && (await holder.desk.commit(lease, { cursor: 1 }))).toBe(false);
  });

  test("wakes nobody for what an older database holds", { timeout: TIMEOUT_MS }, async () => {
    const url = await server.emptyDatabase();
    const database = openDatabase(url);
    await prepareSchema(database, MIGRATIONS.slice(0, 1));
    await database.query(
      `INSERT INTO alarm (gateway, id, received_at, transition)
       VALUES ('hall-3', 'a', 1, '{}'), ('hall-3', 'b', 1, '{}')`,
    );
    const store = await startStore(url);
    const { cursor } = await store.desk.load();
    expect(await store.desk.transitionsAfter(cursor, 10)).toEqual([]);
    expect(await store.alarms(10)).toHaveLength(2);
    await store.raise(transition("c"));
    expect(await store.desk.transitionsAfter(cursor, 10)).toMatchObject([{ alarm: { id: "c" } }]);
  });
});
