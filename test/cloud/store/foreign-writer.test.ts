/** What is kept in memory must never win over what lies in the database: somebody else writes here. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import {
  block,
  chunkId,
  commit,
  event,
  own,
  readings,
  rowsText,
} from "#test/contracts/store-fixtures.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

let store: SqliteStore;
let other: DatabaseSync;

beforeEach(async () => {
  const folder = await tempFolder();
  store = new SqliteStore({ folder, foldEveryMs: 1e9, clock: systemClock, log: silentLogger });
  await store.start();
  await own(store);
  other = new DatabaseSync(join(folder, "sink.sqlite"));
});

afterEach(async () => {
  other.close();
  await store.stop();
});

async function send(seq: number, value: number): Promise<{ duplicateChunks: number }> {
  return commit(store, [event(seq, [{ id: chunkId(seq), content: readings(block([value])) }])]);
}

describe("beside another writer, the SQLite store", () => {
  test("merges into a row as it is, not as it was when last written", async () => {
    await send(0, 1);
    await store.fold();
    other.exec("UPDATE rollup SET count = 11, numbers = 11, sum = 101.0, revision = revision + 1");
    await send(1, 4);
    await store.fold();
    for (const width of ["1m", "5m", "1h"] as const) {
      const text = await rowsText(store, { width });
      expect(JSON.parse(text)).toMatchObject({ count: 12, sum: 105 });
    }
    await send(2, 5);
    await store.fold();
    expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 13, sum: 110 });
  });

  test("does not accept what the other has accepted meanwhile", async () => {
    await send(0, 1);
    other.exec("UPDATE lane SET accepted = '[[0,5]]', version = version + 1");
    expect(await send(3, 1)).toMatchObject({ duplicateChunks: 1 });
    expect(await send(6, 1)).toMatchObject({ duplicateChunks: 0 });
    expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 2 });
  });
});

describe("a failed transaction of the SQLite store", () => {
  test("leaves no trace, and may be tried again", async () => {
    await send(0, 1);
    other.exec(
      "CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    await expect(send(1, 2)).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 1 });
    expect((await store.state()).totals).toMatchObject({ chunks: 1 });
    other.exec("DROP TRIGGER full");
    expect(await send(1, 2)).toMatchObject({ duplicateChunks: 0 });
    expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 2, sum: 3 });
  });

  test("in a fold leaves the readings where they were", async () => {
    await send(0, 1);
    await store.fold();
    await send(1, 2);
    other.exec(
      "CREATE TRIGGER full BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    await expect(store.fold()).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 2, sum: 3 });
    other.exec("DROP TRIGGER full");
    await store.fold();
    expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 2, sum: 3 });
  });
});
