import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { MIGRATIONS } from "#cloud/store/sqlite/migrations.ts";
import { prepareSchema } from "#cloud/store/sqlite/schema.ts";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { storeContract } from "../../contracts/store.ts";
import { transition } from "../../contracts/store-desk.ts";
import { SMALL_BOUNDS, type StoreUnderTest } from "../../contracts/store-fixtures.ts";
import { storePurity } from "../../contracts/store-purity.ts";
import { tempFolder } from "../../support/temp-folder.ts";

function open(folder: string): SqliteStore {
  // A fold only when the test asks: what is tested here is the state before, and after.
  return new SqliteStore({
    folder,
    foldEveryMs: 1e9,
    clock: systemClock,
    log: silentLogger,
    alarmBounds: SMALL_BOUNDS,
  });
}

async function make(): Promise<StoreUnderTest> {
  const root = mkdtempSync(join(tmpdir(), "penstock-store-"));
  let folder = join(root, "0");
  let generation = 0;
  let store = open(folder);
  await store.start();
  const stores = [store];
  return {
    store,
    // Copies the files as they lie on disk: what a kill would leave behind.
    crash: async () => {
      generation += 1;
      const next = join(root, String(generation));
      cpSync(folder, next, { recursive: true });
      folder = next;
      store = open(folder);
      stores.push(store);
      await store.start();
      return store;
    },
    remove: async () => {
      for (const each of stores) await each.stop();
      rmSync(root, { recursive: true });
    },
  };
}

storeContract("SQLite store", make);
storePurity("SQLite store", make);

describe("SQLite store's lock", () => {
  test("refuses a second sink on the same folder, and names the folder", async () => {
    const folder = mkdtempSync(join(tmpdir(), "penstock-store-"));
    const first = open(folder);
    await first.start();
    const second = open(folder);
    await expect(second.start()).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await expect(second.start()).rejects.toThrow(folder);
    await first.stop();
    await second.start();
    await second.stop();
    rmSync(folder, { recursive: true });
  });
});

describe("SQLite store's schema", () => {
  test("is brought up to date, and an older database's alarms wake nobody", async () => {
    const folder = await tempFolder();
    const older = new DatabaseSync(join(folder, "sink.sqlite"));
    prepareSchema(older, MIGRATIONS.slice(0, 1));
    older.exec(
      `INSERT INTO alarm (gateway, id, received_at, transition)
       VALUES ('hall-3', 'a', 1, '{}'), ('hall-3', 'b', 1, '{}')`,
    );
    older.close();
    const store = open(folder);
    await store.start();
    const { cursor } = await store.desk.load();
    expect(await store.desk.transitionsAfter(cursor, 10)).toEqual([]);
    expect(await store.alarms(10)).toHaveLength(2);
    await store.raise(transition("c"));
    expect(await store.desk.transitionsAfter(cursor, 10)).toMatchObject([{ alarm: { id: "c" } }]);
    await store.stop();
  });

  test("of a newer program is left alone", async () => {
    const folder = await tempFolder();
    const newer = new DatabaseSync(join(folder, "sink.sqlite"));
    prepareSchema(newer, [...MIGRATIONS, "CREATE TABLE tomorrow (id INTEGER);"]);
    newer.close();
    await expect(open(folder).start()).rejects.toMatchObject({ code: "STORE_VERSION_UNKNOWN" });
  });
});
