import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { createRandom } from "#core/random.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { filledBuffer } from "./damage.ts";
import { drain, message, openBuffer } from "./support.ts";

describe("the buffer's own alarms", () => {
  test("tell that readings are dropped, once, until that has ceased for a minute", async () => {
    const clock = new ManualClock();
    const buffer = openBuffer(await tempFolder(), {
      limits: { maxBytes: 3000, maxAgeMs: 1e9, minFreeBytes: 0, whenFull: "drop-oldest" },
      clock,
    });
    await buffer.start();
    const alarms = alarmsOf(buffer);
    for (let i = 0; i < 40; i++) {
      const stored = buffer.append(message("oven", i, { t: i }));
      await clock.advance(1);
      await stored;
    }
    await clock.advance(5000);
    await expect
      .poll(() => alarms)
      .toMatchObject([
        {
          rule: "buffer-full",
          state: "active",
          device: "(gateway)",
          priority: "high",
          expected: 3000,
        },
      ]);
    for (let second = 0; second < 65; second += 5) {
      takeAll(buffer);
      await clock.advance(5000);
    }
    await expect.poll(() => alarms.map(({ state }) => state)).toEqual(["active", "cleared"]);
    expect(alarms[1]!.id).not.toBe(alarms[0]!.id);
    await buffer.stop();
  });

  test("tell of a repair by the same id at every start, until the damaged files are deleted", async () => {
    const { folder } = await filledBuffer(await tempFolder(), createRandom(6), 2);
    await rm(join(folder, "db", "CURRENT"));
    const ids = new Set<string>();
    for (let start = 0; start < 2; start++) {
      const buffer = openBuffer(folder);
      await buffer.start();
      const alarms = alarmsOf(buffer);
      await buffer.stop();
      expect(alarms).toMatchObject([{ rule: "buffer-damaged", state: "active" }]);
      ids.add(alarms[0]!.id);
    }
    expect(ids.size).toBe(1);
    await rm(join(folder, "damaged"), { recursive: true });
    const buffer = openBuffer(folder);
    await buffer.start();
    expect(alarmsOf(buffer)).toEqual([]);
    await buffer.stop();
  });

  test("tell of a buffer from another machine until all that it brought is sent", async () => {
    const { folder } = await filledBuffer(await tempFolder(), createRandom(7), 2);
    const clock = new ManualClock();
    const buffer = openBuffer(folder, { machineId: "machine-b", clock });
    await buffer.start();
    const alarms = alarmsOf(buffer);
    expect(alarms).toMatchObject([{ rule: "buffer-copied", state: "active" }]);
    await expect
      .poll(async () => {
        takeAll(buffer);
        await clock.advance(5000);
        return alarms.length;
      })
      .toBe(2);
    expect(alarms[1]).toMatchObject({ rule: "buffer-copied", state: "cleared" });
    expect(await drain(buffer)).toEqual([]);
    await buffer.stop();
  });
});

function alarmsOf(buffer: StoreAndForward): AlarmTransition[] {
  const alarms: AlarmTransition[] = [];
  buffer.onAlarm((transition) => alarms.push(transition));
  return alarms;
}

function takeAll(buffer: StoreAndForward): void {
  for (let lane = 0; lane < buffer.lanes; lane++) {
    for (const traffic of ["live", "backlog"] as const) {
      buffer.confirm(buffer.take(lane, traffic, 2 ** 20));
    }
  }
}
