import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, vi } from "vitest";
import type { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { peerTest } from "#test/support/peer.ts";
import { smallDisk, tmpfs } from "#test/support/small-disk.ts";
import { blocksOf, drain, message, openBuffer } from "./support.ts";

const WAIT = { timeout: 20_000, interval: 20 };

/** Appends until the buffer fails; gives the values acknowledged, now or later. */
async function appendUntilFailing(
  buffer: StoreAndForward,
  acknowledged: Set<number>,
  first: number,
): Promise<Promise<void>[]> {
  const pending: Promise<void>[] = [];
  for (let value = first; buffer.status().state !== "failing"; value++) {
    pending.push(
      buffer.append(message("oven", value, { value })).then(
        () => void acknowledged.add(value),
        () => {},
      ),
    );
    await new Promise(setImmediate);
  }
  return pending;
}

describe("a disk that fills up under the buffer", () => {
  peerTest(
    "stops acknowledgements, recovers without a restart, and loses nothing acknowledged",
    [tmpfs],
    async () => {
      const disk = await smallDisk(40);
      const buffer = openBuffer(disk.folder);
      await buffer.start();
      const acknowledged = new Set<number>();
      for (let value = 0; value < 20; value++) {
        await buffer.append(message("oven", value, { value }));
        acknowledged.add(value);
      }
      const pending: Promise<void>[] = [];
      for (let round = 0; round < 2; round++) {
        disk.fill();
        pending.push(...(await appendUntilFailing(buffer, acknowledged, 1000 + round * 100_000)));
        // The reserve lets it reopen once, so the second round has nothing left to fall back on.
        if (round === 0) await vi.waitUntil(() => buffer.status().state === "ok", WAIT);
      }
      await expect(buffer.append(message("oven", 1, { value: 1 }))).rejects.toMatchObject({
        code: "BUFFER_FAILED",
      });
      disk.free();
      await vi.waitUntil(() => buffer.status().state === "ok", WAIT);
      await Promise.all(pending);
      for (let value = 900_000; value < 900_020; value++) {
        await buffer.append(message("oven", value, { value }));
        acknowledged.add(value);
      }
      await buffer.stop();

      const after = openBuffer(disk.folder);
      await after.start();
      const chunks = await drain(after);
      await after.stop();
      const values = blocksOf(chunks).flatMap((block) => block.columns[0]!.map(Number));
      expect([...acknowledged].filter((value) => !values.includes(value))).toEqual([]);
      expect(new Set(values).size).toBe(values.length);
      const seqs = chunks.map((chunk) => chunk.seq);
      expect(Math.max(...seqs) + 1).toBe(new Set(seqs).size);
    },
  );
});

describe("a start on a full disk", () => {
  peerTest(
    "gives up the reserve, delivers what is stored, and takes in more",
    [tmpfs],
    async () => {
      const disk = await smallDisk(60);
      const before = openBuffer(disk.folder);
      await before.start();
      for (let value = 0; value < 20; value++)
        await before.append(message("oven", value, { value }));
      await before.stop();
      disk.fill();

      const after = openBuffer(disk.folder);
      await after.start();
      expect(existsSync(join(disk.folder, "reserve"))).toBe(false);
      await after.append(message("oven", 20, { value: 20 }));
      const values = blocksOf(await drain(after)).flatMap((block) => block.columns[0]!.map(Number));
      await after.stop();
      expect(values).toEqual(Array.from({ length: 21 }, (_, value) => value));
    },
  );
});
