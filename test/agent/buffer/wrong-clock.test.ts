import { describe, expect, test } from "vitest";
import { FINGERPRINT_BYTES } from "#agent/buffer/fingerprint-window.ts";
import type { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { systemClock } from "#core/clock.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { message, openBuffer } from "./support.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FINGERPRINT = Buffer.alloc(FINGERPRINT_BYTES, 7);

/** Stores one message; the manual clock must move for its commit. */
async function store(buffer: StoreAndForward, clock: ManualClock, ts: number): Promise<void> {
  let isStored = false;
  const storing = buffer
    .append(message("oven", ts, { t: ts }, { fingerprint: FINGERPRINT }))
    .finally(() => {
      isStored = true;
    });
  await until(async () => {
    await clock.advance(1);
    return isStored;
  });
  await storing;
}

async function reopened(folder: string, clock: ManualClock): Promise<StoreAndForward> {
  const buffer = openBuffer(folder, { clock });
  await buffer.start();
  return buffer;
}

/** Housekeeping looks again and again for what is too old, while segments come from the disk. */
async function keepHouse(clock: ManualClock): Promise<void> {
  for (let turn = 0; turn < 30; turn++) {
    await clock.advance(6000);
    await systemClock.sleep(5, { name: "segments come from the disk" });
  }
}

describe.each([
  ["ahead when it starts again", 0, 40 * DAY_MS],
  ["behind when messages were stored", -40 * DAY_MS, 40 * DAY_MS],
  ["ahead when messages were stored", 40 * DAY_MS, -40 * DAY_MS],
])("a clock that is %s", (_title, before, between) => {
  test("neither drops what is stored, nor forgets a message", async () => {
    const clock = new ManualClock();
    const folder = await tempFolder();
    const first = await reopened(folder, clock);
    clock.stepWall(before);
    await store(first, clock, 1);
    await store(first, clock, 2);
    await first.stop();
    clock.stepWall(between);
    const again = await reopened(folder, clock);
    await keepHouse(clock);
    expect(again.status()).toMatchObject({ segments: 2, droppedReadings: 0 });
    expect(again.repeated(FINGERPRINT)).toBeDefined();
    await again.stop();
  });
});
