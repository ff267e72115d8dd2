import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { appendFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type LogDisk, realDisk } from "#cloud/hub/log/log-disk.ts";
import { systemClock } from "#core/clock.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { fc } from "#test/support/properties.ts";
import { until } from "#test/support/until.ts";
import { append, openLog, readFrom, segmentFiles } from "./log-fixture.ts";

const LARGE = "x".repeat(4000);

describe("the hub's log", () => {
  test("gives back after a restart what was confirmed, and goes on counting", async () => {
    const { log, folder } = await openLog();
    for (let i = 0; i < 5; i++) await append(log, i % 2, `event ${i}`);
    const created = log.createdAtMs;
    await log.stop();
    const again = await openLog({ folder });
    expect(again.log.createdAtMs).toBe(created);
    expect(await readFrom(again.log, 0)).toEqual(
      [0, 2, 4].map((i, seq) => ({ seq, body: `event ${i}` })),
    );
    await append(again.log, 0, "later");
    expect((await readFrom(again.log, 0)).at(-1)).toEqual({ seq: 3, body: "later" });
    await again.log.stop();
  });

  test("reads old segments from disk, with and without their index files", async () => {
    const options = { indexBytesMax: 0, coldBytesMax: 300 * 1024 };
    const { log, folder } = await openLog(options);
    for (let i = 0; i < 100; i++) await append(log, i % 2, `${i} ${LARGE}`);
    const expected = Array.from({ length: 50 }, (_, seq) => ({
      seq,
      body: `${2 * seq + 1} ${LARGE}`,
    }));
    expect(segmentFiles(folder).length).toBeGreaterThan(4);
    expect(await readFrom(log, 1)).toEqual(expected);
    await log.stop();
    const indexed = await openLog({ folder, ...options });
    expect(await readFrom(indexed.log, 1)).toEqual(expected);
    await indexed.log.stop();
    for (const path of segmentFiles(folder)) await rm(`${path}.index`, { force: true });
    const scanned = await openLog({ folder, ...options });
    expect(await readFrom(scanned.log, 1)).toEqual(expected);
    await scanned.log.stop();
  });

  test("finds positions by offset and by time", async () => {
    const clock = new ManualClock(1000);
    const { log } = await openLog({ clock });
    for (let i = 0; i < 40; i++) {
      const appended = append(log, 0, `${i} ${LARGE}`);
      await clock.advance(10);
      await appended;
    }
    const { lastOffset } = log.partition(0);
    expect(await log.seqOfOffset(0, lastOffset, true)).toBe(39);
    expect(await log.seqOfOffset(0, lastOffset, false)).toBe(40);
    expect(await log.seqOfOffset(0, 1, true)).toBe(1);
    expect(log.seqOfTime(0, 0, false)).toBe(0);
    const timeOf20 = log.partition(0).lastTimeMs - 190;
    expect(log.seqOfTime(0, timeOf20, true)).toBe(20);
    expect(log.seqOfTime(0, timeOf20, false)).toBe(21);
    await log.stop();
  });

  test("cuts a torn tail, keeps it aside, and numbers on from what was whole", async () => {
    const { log, folder } = await openLog();
    for (let i = 0; i < 3; i++) await append(log, 0, `event ${i}`);
    const [path = ""] = segmentFiles(folder);
    const whole = statSync(path).size;
    await append(log, 0, "event 3");
    await log.stop();
    await rm(join(folder, "clean-stop"));
    truncateSync(path, whole + 30);
    const again = await openLog({ folder });
    expect(again.recovery).toMatchObject({ tornBytes: 30, damaged: [] });
    expect(statSync(`${path}.torn`).size).toBe(30);
    await append(again.log, 0, "instead");
    expect((await readFrom(again.log, 0)).map(({ seq, body }) => `${seq} ${body}`)).toEqual([
      "0 event 0",
      "1 event 1",
      "2 event 2",
      "3 instead",
    ]);
    await again.log.stop();
  });

  test("steps over damage in the middle, reports it, and keeps every number", async () => {
    const { log, folder } = await openLog();
    for (let i = 0; i < 6; i++) await append(log, 0, `event ${i}`);
    await log.stop();
    const [path = ""] = segmentFiles(folder);
    const bytes = readFileSync(path);
    bytes.write("!", bytes.indexOf("event 2"));
    writeFileSync(path, bytes);
    const again = await openLog({ folder });
    expect(again.recovery.damaged).toHaveLength(1);
    expect(again.recovery.tornBytes).toBe(0);
    expect((await readFrom(again.log, 0)).map(({ seq }) => seq)).toEqual([0, 1, 3, 4, 5]);
    await append(again.log, 0, "event 6");
    expect((await readFrom(again.log, 0, 4)).map(({ seq }) => seq)).toEqual([4, 5, 6]);
    await again.log.stop();
  });

  test("steps over damage that appears while it runs", async () => {
    const { log, folder } = await openLog({ recentBytesMax: 0 });
    for (let i = 0; i < 4; i++) await append(log, 0, `event ${i}`);
    const [path = ""] = segmentFiles(folder);
    const bytes = readFileSync(path);
    bytes.write("!", bytes.indexOf("event 1"));
    writeFileSync(path, bytes);
    expect((await readFrom(log, 0)).map(({ seq }) => seq)).toEqual([0, 2, 3]);
    await log.stop();
  });

  test("starts after any damage, and serves only what was sent, in order", async () => {
    const { log, folder } = await openLog();
    for (let i = 0; i < 30; i++) await append(log, 0, `event ${i} ${LARGE}`);
    await log.stop();
    const files = segmentFiles(folder).map((path) => ({ path, bytes: readFileSync(path) }));
    const hit = fc.record({
      file: fc.nat(files.length - 1),
      at: fc.nat(60_000),
      length: fc.nat(3000),
      cut: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(hit, fc.boolean(), async ({ file, at, length, cut }, wasClean) => {
        for (const { path, bytes } of files) {
          writeFileSync(path, bytes);
          await rm(`${path}.index`, { force: true });
        }
        const { path, bytes } = files[file]!;
        const damaged = Buffer.from(bytes);
        damaged.fill(0xa5, Math.min(at, bytes.length), Math.min(at + length, bytes.length));
        writeFileSync(path, cut ? damaged.subarray(0, at) : damaged);
        if (!wasClean) await rm(join(folder, "clean-stop"), { force: true });
        const again = await openLog({ folder });
        await append(again.log, 0, "after");
        const found = await readFrom(again.log, 0);
        const numbers = found.map(({ seq }) => seq);
        expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
        const kept = found.slice(0, -1);
        expect(kept.map(({ body }) => body)).toEqual(
          kept.map(({ seq }) => `event ${seq} ${LARGE}`),
        );
        expect(found.at(-1)?.body).toBe("after");
        await again.log.stop();
      }),
      { numRuns: 60 },
    );
  });

  test("refuses to open with another number of partitions, and says which is right", async () => {
    const { log, folder } = await openLog();
    await log.stop();
    await expect(openLog({ folder, partitions: 8 })).rejects.toMatchObject({
      code: "HUB_LOG_FAILED",
      message: expect.stringContaining("--partitions 2"),
    });
  });
});

describe("retention", () => {
  test("deletes the oldest segments above the bytes, and numbers go on after a restart", async () => {
    const retention = { ageMsMax: Infinity, bytesMax: 130_000 };
    const { log, folder } = await openLog({ retention });
    for (let i = 0; i < 100; i++) await append(log, 0, `${i} ${LARGE}`);
    log.expire(systemClock.now());
    expect(log.storedBytes).toBeLessThanOrEqual(130_000);
    expect(segmentFiles(folder).length).toBeLessThanOrEqual(3);
    const first = log.firstSeq(0);
    expect(first).toBeGreaterThan(60);
    expect((await readFrom(log, 0)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 100 - first }, (_, i) => first + i),
    );
    await log.stop();
    const again = await openLog({ folder, retention });
    expect(again.log.firstSeq(0)).toBe(first);
    expect(again.log.partition(0).nextSeq).toBe(100);
    await again.log.stop();
  });

  test("by age empties a partition without giving its numbers anew", async () => {
    const clock = new ManualClock(1_000_000);
    const retention = { ageMsMax: 60_000, bytesMax: Infinity };
    const { log, folder } = await openLog({ clock, retention });
    const appendAt = async (partition: number, body: string): Promise<void> => {
      const appended = append(log, partition, body);
      await clock.advance(1);
      await appended;
    };
    await appendAt(0, "old");
    await clock.advance(120_000);
    log.expire(clock.now());
    await appendAt(1, "new");
    log.expire(clock.now());
    expect(await readFrom(log, 0)).toEqual([]);
    expect(log.firstSeq(0)).toBe(1);
    await log.stop();
    const again = await openLog({ folder, clock, retention });
    expect(again.log.partition(0)).toMatchObject({ nextSeq: 1 });
    expect(again.log.firstSeq(0)).toBe(1);
    await again.log.stop();
  });
});

/** A disk that lets so many more bytes through, then is full, and can be freed. */
function limitedDisk(): LogDisk & { freeBytes: number; failSync: boolean } {
  return {
    ...realDisk,
    freeBytes: Infinity,
    failSync: false,
    async write(fd, bytes, at) {
      const fits = bytes.subarray(0, Math.min(this.freeBytes, bytes.length));
      this.freeBytes -= fits.length;
      await realDisk.write(fd, fits, at);
      if (fits.length < bytes.length)
        throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    },
    async sync(fd) {
      if (this.failSync) throw Object.assign(new Error("input/output error"), { code: "EIO" });
      await realDisk.sync(fd);
    },
  };
}

describe("a failing disk", () => {
  test("that is full refuses, lets reads go on, and recovers without a restart", async () => {
    const disk = limitedDisk();
    const { log, folder } = await openLog({ disk });
    await append(log, 0, "before");
    disk.freeBytes = 200;
    await expect(append(log, 0, LARGE)).rejects.toMatchObject({ code: "HUB_LOG_FAILED" });
    await expect(append(log, 0, "refused at once")).rejects.toThrow("cannot be written");
    expect((await readFrom(log, 0)).map(({ body }) => body)).toEqual(["before"]);
    disk.freeBytes = Infinity;
    await until(() => log.writer.fault === undefined);
    await append(log, 0, "after");
    await log.stop();
    await rm(join(folder, "clean-stop"), { force: true });
    const again = await openLog({ folder });
    expect(again.recovery).toMatchObject({ tornBytes: 0, damaged: [] });
    expect(await readFrom(again.log, 0)).toEqual([
      { seq: 0, body: "before" },
      { seq: 1, body: "after" },
    ]);
    await again.log.stop();
  });

  test("that cannot sync loses its file's trust: what follows goes into a new one", async () => {
    const disk = limitedDisk();
    const { log, folder } = await openLog({ disk });
    await append(log, 0, "before");
    disk.failSync = true;
    await expect(append(log, 0, "never confirmed")).rejects.toThrow("cannot be written");
    disk.failSync = false;
    await until(() => log.writer.fault === undefined);
    await append(log, 0, "after");
    expect(segmentFiles(folder)).toHaveLength(2);
    await log.stop();
    const again = await openLog({ folder });
    expect((await readFrom(again.log, 0)).map(({ body }) => body)).toEqual(["before", "after"]);
    await again.log.stop();
  });

  test("that fails until the end is left alone after it", async () => {
    const disk = limitedDisk();
    const clock = new ManualClock();
    const { log } = await openLog({ disk, clock });
    disk.freeBytes = 0;
    await Promise.all([
      expect(append(log, 0, "never stored")).rejects.toThrow("cannot be written"),
      clock.advance(10),
    ]);
    await log.stop();
    expect(clock.waiting).toEqual([]);
  });

  test("with rubbish at the end of the last file is cut back", async () => {
    const { log, folder } = await openLog();
    await append(log, 0, "kept");
    await log.stop();
    await rm(join(folder, "clean-stop"));
    await appendFile(segmentFiles(folder)[0]!, Buffer.alloc(5000, 0x50));
    const again = await openLog({ folder });
    expect(again.recovery.tornBytes).toBe(5000);
    expect(await readFrom(again.log, 0)).toEqual([{ seq: 0, body: "kept" }]);
    await again.log.stop();
  });
});
