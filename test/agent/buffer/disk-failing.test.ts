import { describe, expect, onTestFinished } from "vitest";
import type { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { ReadingIntake } from "#agent/intake/reading-intake.ts";
import { ReadingBatch } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { type BlockDisk, blockDisk, ext4 } from "#test/support/block-disk.ts";
import { peerTest } from "#test/support/peer.ts";
import { RecordingAlarms } from "#test/support/recording-alarms.ts";
import { until } from "#test/support/until.ts";
import { blocksOf, drain, openBuffer } from "./support.ts";

/** Beyond it a reading is an alarm. */
const LIMIT = 1_000_000;
const FAILURES: [title: string, fail: (disk: BlockDisk) => void][] = [
  ["turns read-only", (disk) => disk.turnReadOnly()],
  ["answers with I/O errors", (disk) => disk.loseBlocks()],
];

/** What stands between the sources and the buffer, as the agent connects them. */
function intakeBefore(buffer: StoreAndForward): {
  alarms: AlarmTransition[];
  accept: (value: number) => Promise<unknown>;
} {
  const alarms: AlarmTransition[] = [];
  const intake = new ReadingIntake({
    alarms: new RecordingAlarms(),
    devices: {
      oven: { detect: { auto: false }, tags: { t: { limits: { h: LIMIT, deadband: 0 } } } },
    },
    lanes: buffer.lanes,
    buffer,
    clock: systemClock,
    log: silentLogger,
    onAlarm: (transition) => alarms.push(transition),
  });
  buffer.onAlarm((transition) => intake.raiseOwn(transition));
  return {
    alarms,
    accept: (value) => {
      const batch = new ReadingBatch("mqtt");
      batch.add(intake.resolve("oven", "t"), systemClock.now(), value);
      return intake.accept(batch);
    },
  };
}

describe("a disk that fails under the running buffer", () => {
  for (const [title, fail] of FAILURES) {
    peerTest(`and ${title}: nothing is acknowledged, and detection goes on`, [ext4], async () => {
      const disk = await blockDisk(48);
      const buffer = openBuffer(disk.folder);
      await buffer.start();
      onTestFinished(() => buffer.stop());
      const { alarms, accept } = intakeBefore(buffer);
      const acknowledged = new Set<number>();
      const offer = (value: number): Promise<void> =>
        accept(value).then(
          () => void acknowledged.add(value),
          () => {},
        );
      for (let value = 0; value < 20; value++) await offer(value);
      expect(acknowledged.size).toBe(20);

      fail(disk);
      const pending: Promise<void>[] = [];
      for (let value = 100; buffer.status().state !== "failing"; value++) {
        pending.push(offer(value));
        await new Promise(setImmediate);
      }
      const before = [...acknowledged];
      expect(alarms).toMatchObject([{ rule: "buffer-failing", state: "active" }]);
      await expect(accept(LIMIT + 1)).rejects.toMatchObject({ code: "BUFFER_FAILED" });
      expect(alarms.at(-1)).toMatchObject({ device: "oven", state: "active", value: LIMIT + 1 });
      expect([...acknowledged]).toEqual(before);

      await disk.mend();
      await until(() => buffer.status().state === "ok");
      await Promise.all(pending);
      expect(alarms.at(-1)).toMatchObject({ rule: "buffer-failing", state: "cleared" });
      // Below all others: how many were offered while the disk failed, the machine decides.
      for (let value = -20; value < 0; value++) await offer(value);
      expect(acknowledged).toContain(-1);
      const values = blocksOf(await drain(buffer)).flatMap(({ columns }) =>
        columns[0]!.map(Number),
      );
      expect([...acknowledged].filter((value) => !values.includes(value))).toEqual([]);
      expect(new Set(values).size).toBe(values.length);
    });
  }
});
