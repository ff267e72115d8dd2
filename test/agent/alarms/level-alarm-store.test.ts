import { cp, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { LevelAlarmStore } from "#agent/alarms/store/level-alarm-store.ts";
import type { JournalEntry, Maintenance, OutboxEntry } from "#core/alarms/contract.ts";
import { createRandom } from "#core/random.ts";
import { transition } from "#test/core/alarms/sample.ts";
import { peerTest } from "#test/support/peer.ts";
import { smallDisk, tmpfs } from "#test/support/small-disk.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { OVEN, openStore, standing } from "./support.ts";

const window: Maintenance = {
  id: "m1",
  devices: ["oven-*"],
  from: 1,
  until: 9,
  by: "eva",
  note: "burner",
  at: 1,
};

function entry(id: number, key = OVEN): JournalEntry {
  return { id, at: id, kind: "raised", key, alarm: transition(OVEN, "active", id) };
}

function letter(id: string): OutboxEntry {
  const { device, tag, rule, priority, value, expected, message } = transition(OVEN, "active", 1);
  const place = { device, tag, rule, priority, value, expected, message, gateway: "hall-3" };
  const notice = { id, key: OVEN, kind: "raised" as const, at: 1, since: 1, title: "", ...place };
  return { id, recipient: "shift.webhook", notice, attempts: 0, dueAt: 1 };
}

async function filled(folder: string): Promise<LevelAlarmStore> {
  const store = openStore(folder);
  await store.load();
  const states = [standing(OVEN, 1), standing("oven-3/temperature/limit-h", 2)];
  const journal = [entry(1), entry(2, "other"), entry(3)];
  const outbox = [letter("a"), letter("b")];
  await store.commit({ states, maintenance: [window], journal, outbox });
  return store;
}

describe("the kept alarms", () => {
  test("are the same after a restart", async () => {
    const folder = await tempFolder();
    const store = await filled(folder);
    await store.commit({ forgotten: ["oven-3/temperature/limit-h"], outboxDone: ["a"] });
    await store.stop();
    const again = openStore(folder);
    expect(await again.load()).toEqual({
      states: [standing(OVEN, 1)],
      maintenance: [window],
      outbox: [letter("b")],
      lastJournalId: 3,
    });
    expect(await again.journal({ limit: 10 })).toEqual([entry(3), entry(2, "other"), entry(1)]);
    expect(await again.journal({ limit: 10, before: 3, key: OVEN })).toEqual([entry(1)]);
    expect(again.status).toEqual({ state: "ok", failures: 0, waiting: 0 });
    expect(await again.hasDamaged()).toBe(false);
  });

  test("are the same after a kill", async () => {
    const folder = await tempFolder();
    const store = await filled(folder);
    await store.commit({ maintenanceEnded: ["m1"] });
    const copy = join(await tempFolder(), "alarms");
    await cp(folder, copy, { recursive: true });
    const again = openStore(copy);
    expect(await again.load()).toMatchObject({
      maintenance: [],
      states: [{}, {}],
      outbox: [{}, {}],
    });
    expect(await again.hasDamaged()).toBe(false);
  });

  test("keep the newest entries of the journal", async () => {
    const store = openStore(await tempFolder(), { journalMax: 5 });
    await store.load();
    for (let id = 1; id <= 12; id += 3) {
      await store.commit({ journal: [entry(id), entry(id + 1), entry(id + 2)] });
    }
    const ids = (await store.journal({ limit: 100 })).map(({ id }) => id);
    expect(ids).toEqual([12, 11, 10, 9, 8]);
  });

  test("need no write for what came and went at once, and nobody waits for one", async () => {
    const store = openStore(await tempFolder());
    await store.load();
    await Promise.all([
      store.commit({ outbox: [letter("a")] }),
      store.commit({ outboxDone: ["a"] }),
    ]);
    expect(store.status).toEqual({ state: "ok", failures: 0, waiting: 0 });
  });

  test("are written in the order of the commits, several at a time", async () => {
    const folder = await tempFolder();
    const store = openStore(folder);
    await store.load();
    const order: number[] = [];
    const commits = Array.from({ length: 200 }, async (_, number) => {
      await store.commit({ states: [{ ...standing(OVEN, 1), raises: number + 1 }] });
      order.push(number);
    });
    await Promise.all(commits);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    await store.stop();
    expect((await openStore(folder).load()).states).toMatchObject([{ raises: 200 }]);
  });
});

describe("a damaged folder", () => {
  const damages: [title: string, damage: (db: string) => Promise<unknown>][] = [
    ["without CURRENT", (db) => rm(join(db, "CURRENT"))],
    ["with a CURRENT of zeros", (db) => writeFile(join(db, "CURRENT"), Buffer.alloc(16))],
    ["without its manifest", async (db) => rm(join(db, await fileOf(db, /^MANIFEST/)))],
    ["with a cut manifest", async (db) => truncate(join(db, await fileOf(db, /^MANIFEST/)), 20)],
  ];

  test.each(damages)("%s is set aside, told, and begun anew", async (_title, damage) => {
    const folder = await tempFolder();
    await (await filled(folder)).stop();
    await damage(join(folder, "db"));
    const store = openStore(folder);
    expect(await store.load()).toMatchObject({ states: [], outbox: [], lastJournalId: 0 });
    expect(await store.hasDamaged()).toBe(true);
    await store.commit({ states: [standing(OVEN, 1)] });
    await store.stop();
    expect((await openStore(folder).load()).states).toEqual([standing(OVEN, 1)]);
  });

  test("never ends the agent, and never gives what was not kept, whatever was damaged", async () => {
    const sound = await tempFolder();
    const store = await filled(sound);
    // Several logs and tables, as after weeks.
    for (let id = 4; id < 3000; id += 500) {
      const journal = Array.from({ length: 500 }, (_, number) => entry(id + number));
      await store.commit({ journal });
    }
    await store.stop();
    for (let seed = 0; seed < 12; seed++) {
      const folder = join(await tempFolder(), "alarms");
      await cp(sound, folder, { recursive: true });
      await writeFile(join(folder, "in-use"), "");
      await damageSomewhere(join(folder, "db"), seed);
      const damaged = openStore(folder);
      const { states } = await damaged.load();
      for (const state of states) expect(state).toEqual(standing(state.key, state.activeSince));
      await damaged.commit({ states: [standing("oven-4/temperature/limit-h", 4)] });
      await damaged.stop();
    }
  });
});

describe("a disk that fills up", () => {
  peerTest("holds up nobody, and gets what came meanwhile", [tmpfs], async () => {
    const disk = await smallDisk(24);
    const folder = join(disk.folder, "alarms");
    const store = openStore(folder);
    await store.load();
    await store.commit({ states: [standing(OVEN, 1)] });
    disk.fill();
    let id = 0;
    await until(async () => {
      id += 100;
      const journal = Array.from({ length: 100 }, (_, number) => entry(id + number));
      await store.commit({ journal }).catch(() => {});
      return store.failure !== undefined;
    });
    await expect(store.commit({ states: [standing("a/b/c", 5)] })).rejects.toMatchObject({
      code: "ALARMS_FAILED",
    });
    // What comes and goes meanwhile does not add up, however long the disk is full.
    for (let number = 0; number < 5000; number++) {
      await store.commit({ outbox: [letter(`n${number}`)] }).catch(() => {});
      await store.commit({ outboxDone: [`n${number}`] }).catch(() => {});
    }
    expect(store.status.state).toBe("failing");
    await until(() => store.status.waiting < 1000);
    disk.free();
    await until(() => store.failure === undefined);
    await store.commit({ states: [standing("d/e/f", 6)] });
    await store.stop();
    const { states } = await openStore(folder).load();
    expect(states.map(({ key }) => key).toSorted()).toEqual(["a/b/c", "d/e/f", OVEN]);
  });
});

test("where it cannot be opened the agent begins without it, and keeps trying", async () => {
  const folder = join(await tempFolder(), "alarms");
  await writeFile(folder, "in the way");
  const store = openStore(folder);
  expect(await store.load()).toMatchObject({ states: [] });
  expect(store.status).toMatchObject({ state: "failing" });
  await expect(store.commit({ states: [standing(OVEN, 1)] })).rejects.toThrow("cannot be kept");
  await rm(folder);
  await until(() => store.status.state === "ok");
  await store.stop();
  expect((await openStore(folder).load()).states).toEqual([standing(OVEN, 1)]);
});

test("what could not be read at the start, and can be later, is set aside and told", async () => {
  const folder = await tempFolder();
  await (await filled(folder)).stop();
  const [db, away] = [join(folder, "db"), join(folder, "away")];
  await rename(db, away);
  await writeFile(db, "in the way");
  const store = openStore(folder);
  expect(await store.load()).toMatchObject({ states: [] });
  await store.commit({ states: [standing("a/b/c", 5)] }).catch(() => {});
  await rm(db);
  await rename(away, db);
  await until(() => store.status.state === "ok");
  expect(await store.hasDamaged()).toBe(true);
  await store.stop();
  expect((await openStore(folder).load()).states).toEqual([standing("a/b/c", 5)]);
  const kept = join(await tempFolder(), "alarms");
  await cp(join(folder, await fileOf(folder, /^damaged-/)), join(kept, "db"), { recursive: true });
  expect((await openStore(kept).load()).states).toHaveLength(2);
});

async function fileOf(folder: string, pattern: RegExp): Promise<string> {
  return (await readdir(folder)).find((name) => pattern.test(name)) ?? "";
}

/** What disks and people do, one thing of it. */
async function damageSomewhere(folder: string, seed: number): Promise<void> {
  const random = createRandom(seed);
  const files = (await readdir(folder)).filter((name) => !/^LO(CK|G)/.test(name)).toSorted();
  const path = join(folder, files[random.int(files.length)] ?? "");
  const bytes = await readFile(path);
  const at = random.int(Math.max(1, bytes.length));
  if (seed % 3 === 0) return await rm(path);
  if (seed % 3 === 1) return await truncate(path, at);
  bytes.fill(0, at, Math.min(bytes.length, at + 512));
  await writeFile(path, bytes);
}
