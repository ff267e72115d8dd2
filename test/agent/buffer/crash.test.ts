import { describe, expect, test } from "vitest";
import type { StoredChunk } from "#agent/buffer/contract.ts";
import { systemClock } from "#core/clock.ts";
import { laneOf } from "#core/lane.ts";
import { createRandom } from "#core/random.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { holdBuffer } from "./child.ts";
import { blocksOf, drain, openBuffer } from "./support.ts";

const SCRIPT = new URL("./hold-buffer.ts", import.meta.url).pathname;
const ROUNDS = 6;

describe("kill -9 in the middle of appends and deletions", () => {
  test("loses no acknowledged reading, stores none twice, and leaves no gap in the seqs", {
    timeout: 60_000,
  }, async () => {
    const folder = await tempFolder();
    const random = createRandom(7);
    const acknowledged = new Set<number>();
    const confirmed = new Map<string, Set<number>>();
    let next = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const child = await holdBuffer(SCRIPT, folder, String(next));
      await systemClock.sleep(50 + random.int(250), { name: "until the kill" });
      await child.kill();
      for (const line of child.lines) {
        const match = /^confirmed (\S+ \d+) (\d+)$/.exec(line);
        if (match) {
          const seqs = confirmed.get(match[1]!) ?? new Set();
          confirmed.set(match[1]!, seqs.add(Number(match[2])));
        } else if (/^\d+$/.test(line)) {
          acknowledged.add(Number(line));
        }
      }
      next = Math.max(next, ...acknowledged) + 100;
    }

    const buffer = openBuffer(folder);
    await buffer.start();
    const chunks = await drain(buffer);
    await buffer.stop();

    const stored = new Map<number, number>();
    for (const block of blocksOf(chunks)) {
      for (const value of block.columns[0]!) {
        stored.set(Number(value), (stored.get(Number(value)) ?? 0) + 1);
      }
    }
    expect([...stored.values()].filter((times) => times > 1)).toEqual([]);
    // A kill in the middle of a write leaves doubt about the newest seq, and so begins a new epoch.
    const lanes = new Set([...confirmed.keys(), ...chunks.map(laneNameOf)]);
    for (const lane of lanes) {
      const seqs = chunks.filter((chunk) => laneNameOf(chunk) === lane).map(({ seq }) => seq);
      const known = new Set([...seqs, ...(confirmed.get(lane) ?? [])]);
      expect(new Set(seqs).size).toBe(seqs.length);
      const holes = Array.from({ length: Math.max(...known) + 1 }, (_, seq) => seq).filter(
        (seq) => !known.has(seq),
      );
      expect(holes).toEqual([]);
    }
    // Lanes 2 and 3 were never confirmed: all that was acknowledged in them is still there.
    const lost = [...acknowledged].filter(
      (value) => laneOf(`device-${value % 12}`, 4) >= 2 && !stored.has(value),
    );
    expect(lost).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(ROUNDS * 10);
  });
});

function laneNameOf({ epoch, lane }: StoredChunk): string {
  return `${epoch} ${lane}`;
}
