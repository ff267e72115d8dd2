import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { TrafficClass } from "#agent/buffer/contract.ts";
import type { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { type Clock, systemClock } from "#core/clock.ts";
import { laneOf } from "#core/lane.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { drain, message, openBuffer } from "./support.ts";

/** A monotonic scale that a test moves; all else is real, for the disk is. */
class JumpingClock implements Clock {
  jumpMs = 0;
  readonly now = systemClock.now.bind(systemClock);
  readonly sleep = systemClock.sleep.bind(systemClock);
  readonly after = systemClock.after.bind(systemClock);
  readonly every = systemClock.every.bind(systemClock);

  monotonic(): number {
    return systemClock.monotonic() + this.jumpMs;
  }
}

async function open(folder: string): Promise<{ buffer: StoreAndForward; time: JumpingClock }> {
  const time = new JumpingClock();
  const buffer = openBuffer(folder, { clock: time });
  await buffer.start();
  onTestFinished(() => buffer.stop());
  return { buffer, time };
}

const LANE = laneOf("oven", 4);
/** A device of another lane. */
const other = ["a", "b", "c", "d", "e"].find((device) => laneOf(device, 4) !== LANE)!;

function seqs(buffer: StoreAndForward, traffic: TrafficClass, lane = LANE): number[] {
  const chunks = buffer.take(lane, traffic, 2 ** 20);
  buffer.giveBack(chunks);
  return chunks.map(({ seq }) => seq);
}

describe("live data and backlog", () => {
  test("what the hub did not take for a while becomes backlog, and news do not wait for it", async () => {
    const { buffer, time } = await open(await tempFolder());
    for (let i = 0; i < 3; i++) await buffer.append(message("oven", i, { t: i }));
    expect(seqs(buffer, "live")).toEqual([0, 1, 2]);
    expect(seqs(buffer, "backlog")).toEqual([]);
    time.jumpMs += 60_000;
    await buffer.append(message("oven", 3, { t: 3 }));
    expect(seqs(buffer, "live")).toEqual([3]);
    await vi.waitFor(() => expect(seqs(buffer, "backlog")).toEqual([0, 1, 2]));
    expect(buffer.owedFrom(LANE, buffer.epoch)).toBe(0);
    buffer.confirm(buffer.take(LANE, "live", 2 ** 20));
    buffer.confirm(buffer.take(LANE, "backlog", 2 ** 20));
    expect(buffer.owedFrom(LANE, buffer.epoch)).toBeUndefined();
    await vi.waitFor(() => expect(buffer.status().segments).toBe(0));
  });

  test("what a restart finds on the disk is backlog", async () => {
    const folder = await tempFolder();
    const before = openBuffer(folder);
    await before.start();
    await before.append(message("oven", 1, { t: 1 }));
    await before.stop();
    const { buffer } = await open(folder);
    await buffer.append(message("oven", 2, { t: 2 }));
    expect(seqs(buffer, "live")).toEqual([1]);
    await vi.waitFor(() => expect(seqs(buffer, "backlog")).toEqual([0]));
  });

  test("a chunk that is confirmed is not sent again when its segment is read for another lane", async () => {
    const { buffer, time } = await open(await tempFolder());
    const both = message("oven", 1, { t: 1 });
    const more = message(other, 1, { t: 1 });
    await Promise.all([buffer.append(both), buffer.append(more)]);
    expect(buffer.status().segments).toBe(1);
    buffer.confirm(buffer.take(LANE, "live", 2 ** 20));
    time.jumpMs += 60_000;
    const lane = laneOf(other, 4);
    expect(buffer.take(lane, "live", 2 ** 20)).toEqual([]);
    await vi.waitFor(() => expect(seqs(buffer, "backlog", lane)).toEqual([0]));
    expect(seqs(buffer, "backlog")).toEqual([]);
    expect(await drain(buffer)).toHaveLength(1);
  });

  test("what is in flight while it becomes backlog is not given a second time", async () => {
    const { buffer, time } = await open(await tempFolder());
    await buffer.append(message("oven", 1, { t: 1 }));
    const sent = buffer.take(LANE, "live", 2 ** 20);
    time.jumpMs += 60_000;
    await buffer.append(message("oven", 2, { t: 2 }));
    await buffer.append(message("oven", 3, { t: 3 }));
    expect(seqs(buffer, "live")).toEqual([1, 2]);
    expect(seqs(buffer, "backlog")).toEqual([]);
    const told: [number, TrafficClass][] = [];
    buffer.onReady((lane, traffic) => told.push([lane, traffic]));
    buffer.giveBack(sent);
    expect(told).toEqual([[LANE, "backlog"]]);
    await vi.waitFor(() => expect(seqs(buffer, "backlog")).toEqual([0]));
    expect(await drain(buffer)).toHaveLength(3);
  });

  test("a chunk that the hub never takes is kept beside the buffer, and told as a gap", async () => {
    const folder = await tempFolder();
    const { buffer } = await open(folder);
    await buffer.append(message("oven", 1, { t: 71.2 }));
    const [chunk] = buffer.take(LANE, "live", 2 ** 20);
    await buffer.dismiss(chunk!, "refused");
    const name = `${buffer.epoch}-${LANE}-0`;
    expect((await readdir(join(folder, "rejected"))).toSorted()).toEqual([
      `${name}.json`,
      `${name}.reason.txt`,
    ]);
    expect(await readFile(join(folder, "rejected", `${name}.json`))).toEqual(
      Buffer.from(chunk!.line),
    );
    const [gap] = await drain(buffer);
    expect(Buffer.from(gap!.line).toString()).toContain('"fromSeq":0,"toSeq":0,"readings":1');
    expect(buffer.status().droppedReadings).toBe(1);
  });
});
