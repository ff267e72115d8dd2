import { randomBytes } from "node:crypto";
import { statfsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { SegmentInput } from "#agent/buffer/contract.ts";
import type { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { ReadingBatch } from "#agent/sources/contract.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { peerTest } from "#test/support/peer.ts";
import { smallDisk, tmpfs } from "#test/support/small-disk.ts";
import { until } from "#test/support/until.ts";
import { message, openBuffer, series } from "./support.ts";

const MIB = 1024 * 1024;
const FLOOR_BYTES = 40 * MIB;
const BULKY = 60;
const HOUSEKEEPING_MS = 5000;

/** What no compression makes smaller than three quarters. */
function bulky(ts: number): SegmentInput {
  const batch = new ReadingBatch("mqtt");
  batch.add(series("camera", "picture"), ts, randomBytes(MIB / 2).toString("base64"));
  return { batch, transitions: [], descriptions: [] };
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** LevelDB merges tables in the background, which for a while takes their space twice. */
async function settled(folder: string): Promise<void> {
  let known = 0;
  let times = 0;
  await until(() => {
    const free = freeBytes(folder);
    times = free === known ? times + 1 : 0;
    known = free;
    return times === 30;
  });
}

async function store(
  buffer: StoreAndForward,
  clock: ManualClock,
  input: SegmentInput,
): Promise<void> {
  const stored = buffer.append(input);
  await clock.advance(1);
  await stored;
}

describe("the disk's free space", () => {
  peerTest(
    "that another program takes is given back: the oldest are dropped, and the rest compacted",
    [tmpfs],
    async () => {
      const disk = await smallDisk(128);
      const clock = new ManualClock();
      const buffer = openBuffer(disk.folder, {
        limits: {
          maxBytes: 256 * MIB,
          maxAgeMs: 1e12,
          minFreeBytes: FLOOR_BYTES,
          whenFull: "drop-oldest",
        },
        clock,
      });
      await buffer.start();
      let stored = 0;
      for (; stored < BULKY; stored++) await store(buffer, clock, bulky(stored));
      await clock.advance(HOUSEKEEPING_MS);
      expect(buffer.status()).toMatchObject({ state: "ok", droppedReadings: 0 });

      await settled(disk.folder);
      const other = freeBytes(disk.folder) - FLOOR_BYTES + 12 * MIB;
      await writeFile(join(disk.folder, "other"), Buffer.alloc(other));
      expect(freeBytes(disk.folder)).toBeLessThan(FLOOR_BYTES);
      await expect
        .poll(
          async () => {
            await clock.advance(HOUSEKEEPING_MS);
            await store(buffer, clock, message("oven", stored++, { t: 1 }));
            return freeBytes(disk.folder);
          },
          { timeout: 20_000, interval: 20 },
        )
        .toBeGreaterThan(FLOOR_BYTES);
      const { droppedReadings } = buffer.status();
      expect(droppedReadings).toBeGreaterThan(0);
      // Without the compaction more and more would go, for the disk would gain nothing of it.
      expect(droppedReadings).toBeLessThan(BULKY - 5);

      const contents = (await drained(buffer, clock)).map(
        (line) => decodeChunk(Buffer.from(line)).content,
      );
      await buffer.stop();
      const told = contents.flatMap((content) => (content.kind === "gap" ? content.gaps : []));
      expect(told.reduce((sum, gap) => sum + gap.readings, 0)).toBe(droppedReadings);
      const kept = contents.filter((content) => content.kind === "readings");
      expect(kept.length + droppedReadings).toBe(stored);
    },
  );
});

/** Everything that waits, as lines. The deletions go with a timer, so the clock is moved along. */
async function drained(buffer: StoreAndForward, clock: ManualClock): Promise<Uint8Array[]> {
  const lines: Uint8Array[] = [];
  while (buffer.status().segments > 0) {
    for (let lane = 0; lane < buffer.lanes; lane++) {
      for (const traffic of ["backlog", "live"] as const) {
        const chunks = buffer.take(lane, traffic, MIB);
        buffer.confirm(chunks);
        lines.push(...chunks.map(({ line }) => line));
      }
    }
    await clock.advance(250);
    await new Promise(setImmediate);
  }
  return lines;
}
