import { spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BufferDatabase } from "#agent/buffer/database.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import { silentLogger } from "#core/log.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { holdBuffer } from "./child.ts";
import { blocksOf, drain, message, openBuffer } from "./support.ts";

const FINGERPRINT = Uint8Array.from({ length: 20 }, (_, i) => i + 1);

describe("store and forward", () => {
  test("gives back after a restart what was not confirmed", async () => {
    const folder = await tempFolder();
    const before = openBuffer(folder);
    await before.start();
    await before.append(message("oven-1", 1000, { temperature: 71.2, power: 3 }));
    await before.append(message("oven-2", 1001, { temperature: 80 }));
    await before.stop();

    const after = openBuffer(folder);
    await after.start();
    const blocks = blocksOf(await drain(after));
    await after.stop();
    expect(blocks).toEqual(
      expect.arrayContaining([
        {
          device: "oven-1",
          tags: ["temperature", "power"],
          ts: [1000],
          columns: [[71.2], [3]],
          marks: [],
        },
        { device: "oven-2", tags: ["temperature"], ts: [1001], columns: [[80]], marks: [] },
      ]),
    );
    expect(blocks).toHaveLength(2);
  });

  test("counts seqs on, without gaps, after it was emptied and restarted", async () => {
    const folder = await tempFolder();
    const seqs: number[] = [];
    let epoch = "";
    for (let round = 0; round < 3; round++) {
      const buffer = openBuffer(folder);
      await buffer.start();
      epoch ||= buffer.epoch;
      expect(buffer.epoch).toBe(epoch);
      for (let i = 0; i < 5; i++) await buffer.append(message("pump", round * 10 + i, { flow: i }));
      seqs.push(...(await drain(buffer)).map((chunk) => chunk.seq));
      await buffer.stop();
    }
    expect(seqs).toEqual(seqs.map((_, i) => i));
    expect(seqs.length).toBeGreaterThanOrEqual(3);
  });

  test("puts messages of one device that arrive together into one block", async () => {
    const buffer = openBuffer(await tempFolder(), { lingerMs: 20 });
    await buffer.start();
    await Promise.all([
      buffer.append(message("motor", 1000, { rpm: 1480, current: 12 })),
      buffer.append(message("motor", 1100, { rpm: 1481, current: 12.5 })),
    ]);
    const blocks = blocksOf(await drain(buffer));
    await buffer.stop();
    expect(blocks).toEqual([
      {
        device: "motor",
        tags: ["rpm", "current"],
        ts: [1000, 1100],
        columns: [
          [1480, 1481],
          [12, 12.5],
        ],
        marks: [],
      },
    ]);
  });

  test("gives the same chunks again, in order, when a send failed", async () => {
    const buffer = openBuffer(await tempFolder());
    await buffer.start();
    for (let i = 0; i < 3; i++) await buffer.append(message("meter", i, { power: i }));
    const lane = [0, 1, 2, 3].find((candidate) => {
      const chunks = buffer.take(candidate, "live", 1);
      buffer.giveBack(chunks);
      return chunks.length > 0;
    })!;
    const first = buffer.take(lane, "live", 2 ** 20);
    expect(first.map((chunk) => chunk.seq)).toEqual([0, 1, 2]);
    expect(buffer.take(lane, "live", 2 ** 20)).toEqual([]);
    buffer.giveBack(first);
    expect(buffer.take(lane, "live", 2 ** 20)).toEqual(first);
    await buffer.stop();
  });

  test("answers a copy of a stored message with its fate, also after a restart", async () => {
    const folder = await tempFolder();
    const before = openBuffer(folder);
    await before.start();
    expect(before.repeated(FINGERPRINT)).toBeUndefined();
    const first = before.append(message("oven", 1, { t: 1 }, { fingerprint: FINGERPRINT }));
    const copyInFlight = before.repeated(FINGERPRINT);
    expect(await first).toBe("stored");
    expect(await copyInFlight).toBe("duplicate");
    await drain(before);
    await before.stop();

    const after = openBuffer(folder);
    await after.start();
    expect(await after.repeated(FINGERPRINT)).toBe("duplicate");
    expect(after.repeated(FINGERPRINT.map((byte) => byte ^ 1))).toBeUndefined();
    await after.stop();
  });

  test("begins a new epoch, from seq 0, on another machine and under another name", async () => {
    const folder = await tempFolder();
    const epochs = new Set<string>();
    for (const identity of [
      { machineId: "a", gateway: "hall-3" },
      { machineId: "b", gateway: "hall-3" },
      { machineId: "b", gateway: "hall-4" },
    ]) {
      const buffer = openBuffer(folder, identity);
      await buffer.start();
      await buffer.append(message("oven", 1, { t: 1 }));
      const chunks = await drain(buffer);
      await buffer.stop();
      epochs.add(buffer.epoch);
      expect(chunks.map((chunk) => chunk.seq)).toEqual([0]);
      expect(decodeChunk(Buffer.from(chunks[0]!.line)).id).toMatchObject({
        gateway: identity.gateway,
        epoch: buffer.epoch,
      });
    }
    expect(epochs.size).toBe(3);
  });

  test("never mixes epochs in one take", async () => {
    const folder = await tempFolder();
    for (const machineId of ["a", "b"]) {
      const buffer = openBuffer(folder, { machineId });
      await buffer.start();
      await buffer.append(message("oven", 1, { t: 1 }));
      await buffer.stop();
    }
    const buffer = openBuffer(folder, { machineId: "b" });
    await buffer.start();
    const takes: number[] = [];
    while (buffer.status().segments > 0) {
      for (let lane = 0; lane < buffer.lanes; lane++) {
        const chunks = buffer.take(lane, "backlog", 2 ** 20);
        buffer.confirm(chunks);
        if (chunks.length > 0) takes.push(new Set(chunks.map((chunk) => chunk.epoch)).size);
      }
      await new Promise(setImmediate);
    }
    await buffer.stop();
    expect(takes).toEqual([1, 1]);
  });

  test("counts stored readings by source, across restarts", async () => {
    const folder = await tempFolder();
    for (let round = 1; round <= 2; round++) {
      const buffer = openBuffer(folder);
      await buffer.start();
      await buffer.append(message("a", round, { x: 1, y: 2 }, { source: "plc-1" }));
      expect(buffer.status().readingsBySource).toEqual({ "plc-1": round * 2 });
      await buffer.stop();
    }
  });
});

describe("a damaged or doubly used buffer", () => {
  test("sets a damaged segment aside and delivers the others", async () => {
    const folder = await tempFolder();
    const before = openBuffer(folder);
    await before.start();
    for (let i = 0; i < 3; i++) await before.append(message("oven", i, { t: i }));
    await before.stop();
    await damageSegment(folder, 1);

    const after = openBuffer(folder);
    await after.start();
    const blocks = blocksOf(await drain(after));
    await after.stop();
    expect(blocks.map((block) => block.ts)).toEqual([[0], [2]]);
    expect(after.status().damagedSegments).toBe(1);
    expect(await readdir(join(folder, "damaged"))).toEqual(["1.segment"]);
  });

  test("explains to the sink which seqs a damaged segment may have held", async () => {
    const folder = await tempFolder();
    const before = openBuffer(folder);
    await before.start();
    for (let i = 0; i < 5; i++) await before.append(message("oven", i, { t: i }));
    await before.stop();
    await damageSegment(folder, 2);

    const after = openBuffer(folder);
    await after.start();
    const contents = (await drain(after)).map(({ line }) => decodeChunk(Buffer.from(line)).content);
    await after.stop();
    expect(contents.flatMap((content) => (content.kind === "gap" ? content.gaps : []))).toEqual([
      { fromSeq: 2, toSeq: 2, readings: 0, reason: expect.stringContaining("damaged") },
    ]);
  });

  test("refuses a second agent", async () => {
    const folder = await tempFolder();
    const script = new URL("./hold-buffer.ts", import.meta.url).pathname;
    const holder = await holdBuffer(script, folder);
    await expect(openBuffer(folder).start()).rejects.toMatchObject({ code: "BUFFER_LOCKED" });
    await holder.kill();
  });

  test("stays locked for others after a failed second opening in the same process", async () => {
    const folder = await tempFolder();
    const buffer = openBuffer(folder);
    await buffer.start();
    await expect(openBuffer(folder).start()).rejects.toMatchObject({ code: "BUFFER_LOCKED" });
    const script = new URL("./open-bare.ts", import.meta.url).pathname;
    const other = spawnSync(process.execPath, [script, join(folder, "db")], { encoding: "utf8" });
    expect(other.stdout.trim()).toBe("LEVEL_LOCKED");
    await buffer.stop();
  });
});

/** Flips a bit in the middle of a stored segment. */
async function damageSegment(folder: string, number: number): Promise<void> {
  const database = new BufferDatabase(folder, silentLogger);
  const { state } = await database.open();
  for await (const segment of database.segments(number)) {
    const bytes = Buffer.from(segment.bytes);
    bytes[bytes.length >> 1]! ^= 0x10;
    await database.write({
      state: state!,
      forget: [],
      put: { number, bytes, seen: undefined },
      sync: true,
    });
    break;
  }
  await database.close();
}
