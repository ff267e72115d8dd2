/** Readings through the real buffer, from a clock that is wrong at first. */
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { ReadingIntake } from "#agent/intake/reading-intake.ts";
import { ReadingBatch } from "#agent/sources/contract.ts";
import { ClockedReader } from "#agent/timekeeping/clocked-reader.ts";
import { GatewayClock } from "#agent/timekeeping/gateway-clock.ts";
import type { ChunkContent } from "#core/chunk.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { ManualClock, MANUAL_CLOCK_START_MS as RIGHT } from "#test/support/manual-clock.ts";
import { RecordingAlarms } from "#test/support/recording-alarms.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";

const LIMITS = { h: 100, deadband: 0 };
const DEVICES = { oven: { detect: { auto: false }, tags: { heat: { limits: LIMITS } } } };

let folder: string;
let clock: ManualClock;
let isSynced: boolean;

beforeEach(async () => {
  folder = await tempFolder();
  clock = new ManualClock(5000);
  isSynced = false;
});

interface Gateway {
  time: GatewayClock;
  reader: ClockedReader;
  ready: string[];
  read: (tag: string, value: number | null, ts?: number) => Promise<void>;
  stop: () => Promise<void>;
}

async function start(bootId = "boot-1"): Promise<Gateway> {
  const time = new GatewayClock({
    clock,
    boot: { id: bootId, originMs: 5000 },
    path: join(folder, "buffer.clock"),
    waitMaxMs: 600_000,
    isSynced: async () => isSynced,
    log: silentLogger,
  });
  // The buffer's own timers need not be the test's: only times matter here.
  const buffer = new StoreAndForward({
    folder: join(folder, "buffer"),
    gateway: "hall-3",
    machineId: "test",
    lanes: 1,
    lingerMs: 0,
    dedupeWindowMs: 60_000,
    limits: { maxBytes: 2 ** 30, maxAgeMs: 1e9, minFreeBytes: 0, whenFull: "drop-oldest" },
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
  });
  await buffer.start();
  await time.start();
  const reader = new ClockedReader(buffer, time);
  const ready: string[] = [];
  reader.onReady((lane, traffic) => ready.push(`${lane} ${traffic}`));
  const intake = new ReadingIntake({
    alarms: new RecordingAlarms(),
    devices: DEVICES,
    lanes: 1,
    buffer,
    clock,
    wallOf: (ts) => time.wallOf(ts),
    log: silentLogger,
  });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    time.stop();
    await buffer.stop();
  };
  onTestFinished(stop);
  const read: Gateway["read"] = async (tag, value, ts = time.now()) => {
    const batch = new ReadingBatch("line");
    if (value === null) batch.add(intake.resolve("oven", tag), ts, null, "bad", "timeout");
    else batch.add(intake.resolve("oven", tag), ts, value);
    await intake.accept(batch);
  };
  return { time, reader, ready, read, stop };
}

/** All that the buffer gives out, live or not. */
function linesOf(reader: ClockedReader): string[] {
  const chunks = [...reader.take(0, "backlog", 1e6), ...reader.take(0, "live", 1e6)];
  reader.giveBack(chunks);
  return chunks.toSorted((a, b) => a.seq - b.seq).map(({ line }) => Buffer.from(line).toString());
}

function taken(reader: ClockedReader): ChunkContent[] {
  return linesOf(reader).map((line) => decodeChunk(Buffer.from(line)).content);
}

/** Each reading's time, and why it is not good. */
function readingsOf(contents: readonly ChunkContent[]): [ts: number, reason?: string][] {
  return contents.flatMap((content) =>
    content.kind !== "readings"
      ? []
      : content.blocks.flatMap(({ ts, marks }) =>
          ts.map((time, row): [number, string?] => {
            const mark = marks.find((each) => each.row === row);
            return mark ? [time, mark.reason] : [time];
          }),
        ),
  );
}

test("nothing is sent before the clock is right, and then all of it in its own time", async () => {
  const { reader, read, ready } = await start();
  await read("heat", 20);
  await clock.advance(2000);
  await read("heat", null);
  await read("heat", 21, RIGHT - 60_000);
  expect(taken(reader)).toEqual([]);
  clock.stepWall(RIGHT - clock.now());
  isSynced = true;
  ready.length = 0;
  await clock.advance(1000);
  await until(() => ready.includes("0 live") && ready.includes("0 backlog"));
  await read("heat", 22);
  expect(readingsOf(taken(reader))).toEqual([
    [RIGHT - 2000],
    [RIGHT, "timeout"],
    // A device's own time is not touched.
    [RIGHT - 60_000],
    [RIGHT + 1000],
  ]);
});

test("after the longest wait it is sent as the clock has it, flagged", async () => {
  const { reader, read, time } = await start();
  await read("heat", 20);
  await clock.advance(601_000);
  await until(() => time.isDecided);
  await read("heat", 21);
  expect(readingsOf(taken(reader))).toEqual([
    [5000, "clock unsynced"],
    [606_000, "clock unsynced"],
  ]);
});

test("a chunk that is sent twice is the same to the byte, in the next boot too", async () => {
  const first = await start();
  await first.read("heat", 20);
  await first.read("pressure", -12_345_678_901_234);
  clock.stepWall(RIGHT - clock.now());
  isSynced = true;
  await clock.advance(1000);
  await until(() => first.time.isDecided);
  const sent = linesOf(first.reader);
  expect(sent.length).toBeGreaterThan(0);
  await first.stop();
  clock.stepWall(7 * 86_400_000);
  const second = await start("boot-2");
  await until(() => linesOf(second.reader).length === sent.length);
  expect(linesOf(second.reader)).toEqual(sent);
});

test("an alarm of that time is told in wall time, as its reading is", async () => {
  const { reader, read, time } = await start();
  await read("heat", 120);
  clock.stepWall(RIGHT - clock.now());
  isSynced = true;
  await clock.advance(1000);
  await until(() => time.isDecided);
  const alarms = taken(reader).flatMap((content) =>
    content.kind === "alarm" ? content.transitions : [],
  );
  expect(alarms).toMatchObject([{ rule: "limit-h", state: "active", ts: RIGHT, since: RIGHT }]);
});
