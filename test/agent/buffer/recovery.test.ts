import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { describe, expect, test } from "vitest";
import { BufferDatabase } from "#agent/buffer/database.ts";
import { FINGERPRINT_BYTES } from "#agent/buffer/fingerprint-window.ts";
import { readNotes, writeNotes } from "#agent/buffer/guard-notes.ts";
import { seenKey } from "#agent/buffer/keys.ts";
import { isLogWhole } from "#agent/buffer/leveldb-log.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { filledBuffer, killedCopy, surviveDamage, useAndDrain } from "./damage.ts";
import { message, openBuffer } from "./support.ts";

/** `npm run bench -- buffer-damage` tries as many as you like. */
const DAMAGES = 3;

describe("a damaged database", { timeout: 40_000 }, () => {
  test("is repaired: what is delivered is as it was stored, and what is missing is explained", {
    timeout: 60_000,
  }, async () => {
    const filled = await filledBuffer(await tempFolder(), createRandom(1));
    const faults: string[] = [];
    let kept = 0;
    for (let seed = 2; seed < 2 + DAMAGES; seed++) {
      const survival = await surviveDamage(filled, await tempFolder(), seed);
      faults.push(...survival.faults.map((fault) => `${survival.done}: ${fault}`));
      kept += survival.kept;
    }
    expect(faults).toEqual([]);
    expect(kept).toBeGreaterThan((filled.lines.size * DAMAGES) / 2);
  });

  test("without its CURRENT file is made anew with all that it held, and the old one is kept", async () => {
    const filled = await filledBuffer(await tempFolder(), createRandom(2), 5);
    await rm(join(filled.folder, "db", "CURRENT"));
    const { chunks, epoch } = await useAndDrain(filled.folder);
    const delivered = chunks.filter((chunk) => chunk.epoch === filled.epoch);
    expect(delivered).toHaveLength(filled.lines.size);
    expect(epoch).not.toBe(filled.epoch);
    const [kept = ""] = await readdir(join(filled.folder, "damaged"));
    const files = await readdir(join(filled.folder, "damaged", kept));
    expect(files.some((file) => file.startsWith("MANIFEST-"))).toBe(true);
  });

  test("that holds nothing readable leaves a new buffer, and the old files", async () => {
    const filled = await filledBuffer(await tempFolder(), createRandom(3), 2);
    const database = join(filled.folder, "db");
    for (const file of await readdir(database)) await writeFile(join(database, file), "rubbish");
    const { chunks, epoch } = await useAndDrain(filled.folder);
    expect(chunks.every((chunk) => chunk.epoch === epoch)).toBe(true);
    expect(epoch).not.toBe(filled.epoch);
    expect(await readdir(join(filled.folder, "damaged"))).toHaveLength(1);
  });

  test("is found out, too, where only fingerprints of messages are damaged", async () => {
    const folder = await tempFolder();
    const buffer = openBuffer(folder);
    await buffer.start();
    for (let ts = 0; ts < 50; ts++) {
      const fingerprint = Buffer.alloc(FINGERPRINT_BYTES, ts + 1);
      await buffer.append(message("oven", ts, { t: ts }, { fingerprint }));
    }
    await buffer.stop();
    // Opening moves what is in the log to a table, in the order of the keys: fingerprints first.
    const database = new BufferDatabase(folder, silentLogger);
    await database.open();
    await database.close();
    const files = await readdir(join(folder, "db"));
    const table = join(folder, "db", files.find((file) => file.endsWith(".ldb"))!);
    await writeFile(table, (await readFile(table)).fill(0xff, 0, 64));
    await writeNotes(folder, { ...(await readNotes(folder))!, inUse: true });
    const { epoch } = await useAndDrain(folder);
    expect(epoch).not.toBe(buffer.epoch);
    expect(await readdir(join(folder, "damaged"))).toHaveLength(1);
  });

  test("is repaired again where the first repair was interrupted", async () => {
    const filled = await filledBuffer(await tempFolder(), createRandom(4), 3);
    const notes = await readNotes(filled.folder);
    await writeNotes(filled.folder, { ...notes!, inUse: true, salvaging: "db-earlier" });
    await mkdir(join(filled.folder, "db.new"));
    await writeFile(join(filled.folder, "db.new", "CURRENT"), "MANIFEST-0000");
    const { chunks } = await useAndDrain(filled.folder);
    const delivered = chunks.filter((chunk) => chunk.epoch === filled.epoch);
    expect(delivered).toHaveLength(filled.lines.size);
    expect(await readdir(join(filled.folder, "damaged"))).toEqual(["db-earlier"]);
  });
});

describe("a database that was not closed in order", { timeout: 40_000 }, () => {
  test("is opened as it is, with its epoch, where nothing is wrong with it", async () => {
    const filled = await filledBuffer(await tempFolder(), createRandom(5), 3);
    const { chunks, epoch } = await useAndDrain(await killedCopy(filled, await tempFolder()));
    expect(epoch).toBe(filled.epoch);
    expect(chunks.length).toBe(filled.lines.size + 1);
  });
});

describe("a database with damage where only fingerprints are", { timeout: 40_000 }, () => {
  test("is repaired before the agent comes upon it", async () => {
    const filled = await filledBuffer(await tempFolder(), createRandom(6), 3);
    const folder = await killedCopy(filled, await tempFolder());
    const database = new ClassicLevel(join(folder, "db"));
    await database.put(seenKey(1), "not a record");
    await database.close();
    const { chunks, epoch } = await useAndDrain(folder);
    expect(epoch).not.toBe(filled.epoch);
    expect(chunks.filter((chunk) => chunk.epoch === filled.epoch)).toHaveLength(filled.lines.size);
    expect(await readdir(join(folder, "damaged"))).toHaveLength(1);
  });
});

describe("a log of LevelDB", () => {
  // One record of type 1 (full) with the payload "penstock", put together by another program.
  const record = Buffer.from("41dafc7008000170656e73746f636b", "hex");

  test("is whole where it ends with a record, and where it is empty", () => {
    expect(isLogWhole(record)).toBe(true);
    expect(isLogWhole(Buffer.concat([record, record]))).toBe(true);
    expect(isLogWhole(Buffer.alloc(0))).toBe(true);
  });

  test("is not whole with any bit flipped, or any part of its last record missing", () => {
    for (let bit = 0; bit < record.length * 8; bit++) {
      const flipped = Buffer.from(record);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(isLogWhole(flipped)).toBe(false);
    }
    for (let end = 1; end < record.length; end++) {
      expect(isLogWhole(Buffer.concat([record, record.subarray(0, end)]))).toBe(false);
    }
  });
});
