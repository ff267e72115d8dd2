import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { StoredChunk } from "#agent/buffer/contract.ts";
import { readNotes, writeNotes } from "#agent/buffer/guard-notes.ts";
import { isLogWhole } from "#agent/buffer/leveldb-log.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import { createRandom } from "#core/random.ts";
import { damage, type FilledBuffer, filledBuffer, killedCopy } from "./damage.ts";
import { drain, message, openBuffer } from "./support.ts";

/** More of them with PENSTOCK_DAMAGES=200; those from another seed with PENSTOCK_SEED=201. */
const DAMAGES = Number(process.env["PENSTOCK_DAMAGES"] ?? 3);
const FIRST_SEED = Number(process.env["PENSTOCK_SEED"] ?? 2);

describe("a damaged database", { timeout: 20_000 }, () => {
  test("is repaired: what is delivered is as it was stored, and what is missing is explained", {
    timeout: 20_000 + DAMAGES * 10_000,
  }, async () => {
    const filled = await filledBuffer(createRandom(1));
    let kept = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + DAMAGES; seed++) {
      const folder = await killedCopy(filled);
      const done = `seed ${seed}: ${await damage(folder, createRandom(seed))}`;
      const { chunks, epoch } = await useAndDrain(folder, done);
      const delivered = chunks.filter((chunk) => chunk.epoch === filled.epoch);
      kept += delivered.length;
      expectTruth(filled, delivered, epoch, done);
      const unexplained = unexplainedOf(filled, chunks);
      // With the log the newest state is lost, and nobody knows what came after the one before.
      if (!done.includes(".log")) expect(unexplained, done).toEqual([]);
      await rm(folder, { recursive: true });
    }
    expect(kept).toBeGreaterThan((filled.lines.size * DAMAGES) / 2);
  });

  test("without its CURRENT file is made anew with all that it held, and the old one is kept", async () => {
    const filled = await filledBuffer(createRandom(2), 5);
    await rm(join(filled.folder, "db", "CURRENT"));
    const { chunks, epoch } = await useAndDrain(filled.folder, "no CURRENT");
    const delivered = chunks.filter((chunk) => chunk.epoch === filled.epoch);
    expect(delivered).toHaveLength(filled.lines.size);
    expect(epoch).not.toBe(filled.epoch);
    const [kept = ""] = await readdir(join(filled.folder, "damaged"));
    const files = await readdir(join(filled.folder, "damaged", kept));
    expect(files.some((file) => file.startsWith("MANIFEST-"))).toBe(true);
  });

  test("that holds nothing readable leaves a new buffer, and the old files", async () => {
    const filled = await filledBuffer(createRandom(3), 2);
    const database = join(filled.folder, "db");
    for (const file of await readdir(database)) await writeFile(join(database, file), "rubbish");
    const { chunks, epoch } = await useAndDrain(filled.folder, "rubbish");
    expect(chunks.every((chunk) => chunk.epoch === epoch)).toBe(true);
    expect(epoch).not.toBe(filled.epoch);
    expect(await readdir(join(filled.folder, "damaged"))).toHaveLength(1);
  });

  test("is repaired again where the first repair was interrupted", async () => {
    const filled = await filledBuffer(createRandom(4), 3);
    const notes = await readNotes(filled.folder);
    await writeNotes(filled.folder, { ...notes!, inUse: true, salvaging: "db-earlier" });
    await mkdir(join(filled.folder, "db.new"));
    await writeFile(join(filled.folder, "db.new", "CURRENT"), "MANIFEST-0000");
    const { chunks } = await useAndDrain(filled.folder, "interrupted");
    const delivered = chunks.filter((chunk) => chunk.epoch === filled.epoch);
    expect(delivered).toHaveLength(filled.lines.size);
    expect(await readdir(join(filled.folder, "damaged"))).toEqual(["db-earlier"]);
  });
});

describe("a database that was not closed in order", { timeout: 20_000 }, () => {
  test("is opened as it is, with its epoch, where nothing is wrong with it", async () => {
    const filled = await filledBuffer(createRandom(5), 3);
    const { chunks, epoch } = await useAndDrain(await killedCopy(filled), "killed");
    expect(epoch).toBe(filled.epoch);
    expect(chunks.length).toBe(filled.lines.size + 1);
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
      expect(isLogWhole(flipped), `bit ${bit}`).toBe(false);
    }
    for (let end = 1; end < record.length; end++) {
      expect(isLogWhole(Buffer.concat([record, record.subarray(0, end)])), `${end}`).toBe(false);
    }
  });
});

/** Starts the buffer, stores a message, and takes all that there is. */
async function useAndDrain(
  folder: string,
  done: string,
): Promise<{ chunks: StoredChunk[]; epoch: string }> {
  const buffer = openBuffer(folder);
  await buffer.start();
  expect(await buffer.append(message("oven", 1, { t: 1 })), done).toBe("stored");
  const chunks = await drain(buffer);
  await buffer.stop();
  return { chunks, epoch: buffer.epoch };
}

/** Nothing is delivered that was not stored, nothing twice, and no seq is used a second time. */
function expectTruth(
  filled: FilledBuffer,
  delivered: readonly StoredChunk[],
  epoch: string,
  done: string,
): void {
  const seen = new Set<string>();
  for (const { lane, seq, line } of delivered) {
    const key = `${lane}/${seq}`;
    const stored = filled.lines.get(key);
    if (stored === undefined)
      expect(epoch, `${done}: only a sound one counts on`).toBe(filled.epoch);
    else expect(Buffer.from(line).toString() === stored, `${done}: ${key}`).toBe(true);
    expect(seen.has(key), `${done}: ${key} twice`).toBe(false);
    seen.add(key);
  }
  if (seen.size < filled.lines.size) expect(epoch, done).not.toBe(filled.epoch);
}

function unexplainedOf(filled: FilledBuffer, chunks: readonly StoredChunk[]): string[] {
  const known = new Set<string>();
  for (const { lane, seq, epoch, line } of chunks) {
    if (epoch === filled.epoch) known.add(`${lane}/${seq}`);
    const { content } = decodeChunk(Buffer.from(line));
    for (const gap of content.kind === "gap" ? content.gaps : []) {
      if (gap.epoch !== filled.epoch) continue;
      for (let at = gap.fromSeq!; at <= gap.toSeq!; at++) known.add(`${lane}/${at}`);
    }
  }
  return [...filled.lines.keys()].filter((key) => !known.has(key));
}
