/** What the detectors have learnt, over restarts, damage and failing disks. */
import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { LearntSeries } from "#agent/intake/contract.ts";
import type { Plant, ReadingIntake } from "#agent/intake/reading-intake.ts";
import { ReadingBatch } from "#agent/sources/contract.ts";
import { DetectorUpkeep } from "#agent/upkeep/detector-upkeep.ts";
import { decodeLearnt, LearntEncoder } from "#agent/upkeep/learnt-codec.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom, hashText } from "#core/random.ts";
import type { ManualClock } from "#test/support/manual-clock.ts";
import { fc } from "#test/support/properties.ts";
import type { RecordingAlarms } from "#test/support/recording-alarms.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { intakeWith } from "../intake/fakes.ts";

const OVEN: Plant = {
  devices: {
    oven: { detect: { auto: true }, tags: { heat: { limits: { h: 90, deadband: 0 } } } },
  },
};

let path: string;

beforeEach(async () => {
  path = join(await tempFolder(), "buffer.learnt");
});

interface Run {
  intake: ReadingIntake;
  clock: ManualClock;
  upkeep: DetectorUpkeep;
  alarms: AlarmTransition[];
  book: RecordingAlarms;
}

function upkeepOf(intake: ReadingIntake, clock: ManualClock): DetectorUpkeep {
  return new DetectorUpkeep({
    path,
    memory: intake.detectors,
    tick: () => intake.tick(),
    onAlarm: (transition) => intake.raiseOwn(transition),
    clock,
    log: silentLogger,
  });
}

async function start(plant: Plant = OVEN): Promise<Run> {
  const alarms: AlarmTransition[] = [];
  const {
    intake,
    clock,
    alarms: book,
  } = intakeWith({ ...plant, onAlarm: (found) => void alarms.push(found) });
  const upkeep = upkeepOf(intake, clock);
  await upkeep.start();
  return { intake, clock, upkeep, alarms, book };
}

async function send({ intake, clock }: Run, value: number): Promise<void> {
  await clock.advance(1000);
  const batch = new ReadingBatch("mqtt");
  batch.add(intake.resolve("oven", "heat"), clock.now(), value);
  await intake.accept(batch);
}

const random = createRandom(6);

async function learn(run: Run, count = 600): Promise<void> {
  for (let i = 0; i < count; i++) await send(run, 70 + random.normal());
}

function doing({ intake }: Run): string | undefined {
  return intake.watches.doing(intake.resolve("oven", "heat").index)?.state;
}

describe("what was learnt", () => {
  test("is there again behind a restart, so that the first unusual value is seen", async () => {
    const first = await start();
    await learn(first);
    await first.upkeep.stop();
    const second = await start();
    await send(second, 85);
    expect(doing(second)).toBe("watching");
    expect(second.alarms).toMatchObject([{ rule: "anomaly", state: "active", value: 85 }]);
  });

  test("survives a kill but for the last minutes", async () => {
    const first = await start();
    await learn(first, 700);
    expect(first.clock.monotonic()).toBeGreaterThan(10 * 60_000);
    await until(() => existsSync(path));
    const second = await start();
    await send(second, 70);
    expect(doing(second)).toBe("watching");
  });

  test("is forgotten where the settings of the tag have changed", async () => {
    const first = await start();
    await learn(first);
    await first.upkeep.stop();
    const limits = { h: 95, deadband: 0 };
    const second = await start({
      devices: { oven: { detect: { auto: true }, tags: { heat: { limits } } } },
    });
    await send(second, 70);
    expect(doing(second)).toBe("learning");
  });

  test("is learnt anew behind an earlier version, whose numbers mean something else", async () => {
    const first = await start();
    await learn(first);
    await first.upkeep.stop();
    const { detect, tags } = OVEN.devices?.["oven"] ?? {};
    const fingerprint = hashText(JSON.stringify([1, detect, tags?.["heat"]]));
    const [own] = decodeLearnt(await readFile(path));
    const state = own?.state ?? new Uint8Array(0);
    const earlier = { device: "oven", tag: "heat", fingerprint, heardAt: 0, state };
    const { intake, clock } = intakeWith(OVEN);
    expect(intake.detectors.remember([earlier], clock.now())).toBe(1);
    await writeFile(path, encode([{ ...earlier, heardAt: first.clock.now() }]));
    const second = await start();
    await send(second, 70);
    expect(doing(second)).toBe("learning");
    expect(second.alarms).toEqual([]);
  });

  test("waits for a series that stays away over a restart, for a month", async () => {
    const first = await start();
    await learn(first);
    await first.upkeep.stop();
    const second = await start();
    await second.upkeep.stop();
    const third = await start();
    await send(third, 70);
    expect(doing(third)).toBe("watching");
    third.clock.stepWall(31 * 86_400_000);
    await third.upkeep.stop();
    const { intake, clock } = intakeWith(OVEN);
    clock.stepWall(32 * 86_400_000);
    const late = upkeepOf(intake, clock);
    await late.start();
    expect(intake.detectors.learnt()).toEqual([]);
    await late.stop();
  });

  test("takes the silence of the agent itself for nobody's", async () => {
    const first = await start();
    await learn(first);
    await first.upkeep.stop();
    const second = await start();
    second.clock.stepWall(3_600_000);
    await learn(second, 100);
    expect(second.alarms).toEqual([]);
  });

  test("tells of a series that does not come back, and of none that has been away for days", async () => {
    const first = await start();
    await learn(first);
    await first.upkeep.stop();
    const second = await start();
    second.clock.stepWall(600_000);
    await second.clock.advance(29_000);
    expect(second.alarms).toEqual([]);
    await second.clock.advance(2000);
    expect(second.alarms).toMatchObject([{ rule: "stale", state: "active", device: "oven" }]);
    expect(second.alarms[0]?.since).toBe(first.clock.now());
    await second.upkeep.stop();
    const late: AlarmTransition[] = [];
    const { intake, clock } = intakeWith({ ...OVEN, onAlarm: (found) => void late.push(found) });
    clock.stepWall(3 * 86_400_000);
    const upkeep = upkeepOf(intake, clock);
    await upkeep.start();
    await clock.advance(3_600_000);
    expect(late).toEqual([]);
    await upkeep.stop();
  });

  test("is set aside and told of when it is damaged, and begins anew", async () => {
    await writeFile(path, "PSLEARN1 and then something else altogether");
    const run = await start();
    expect(run.alarms).toMatchObject([{ rule: "learnt-damaged", state: "active" }]);
    expect(await readFile(`${path}.damaged`, "latin1")).toContain("something else");
    await learn(run, 300);
    await run.upkeep.stop();
    expect(run.alarms.at(-1)).toMatchObject({ rule: "learnt-damaged", state: "cleared" });
    expect(decodeLearnt(await readFile(path))).toHaveLength(1);
  });

  test("costs no reading where it cannot be written", async () => {
    path = join(path, "..", "absent", "buffer.learnt");
    const run = await start();
    await learn(run, 10);
    await run.upkeep.stop();
    expect(run.intake.counters.readings).toBe(10);
  });

  test("is not written by an agent that never got to read it", async () => {
    const first = await start();
    await learn(first);
    await first.upkeep.stop();
    const { mtimeMs } = await stat(path);
    const { intake, clock } = intakeWith(OVEN);
    await upkeepOf(intake, clock).stop();
    expect((await stat(path)).mtimeMs).toBe(mtimeMs);
  });
});

describe("an alarm over a restart", () => {
  test("is not raised anew while the book still has it, and ends when it is over", async () => {
    const first = await start();
    await learn(first);
    await send(first, 120);
    const kept = first.book.active();
    expect(kept.map(({ rule }) => rule)).toEqual(["limit-h", "anomaly"]);
    await first.upkeep.stop();
    const second = await start();
    second.book.take(kept);
    await send(second, 121);
    expect(second.alarms).toEqual([]);
    await send(second, 80);
    expect(second.alarms).toMatchObject([{ rule: "limit-h", state: "cleared" }]);
  });

  test("is raised anew where the book was lost", async () => {
    const first = await start();
    await learn(first);
    await send(first, 120);
    await first.upkeep.stop();
    const second = await start();
    await send(second, 121);
    expect(second.alarms).toMatchObject([{ rule: "limit-h", state: "active" }]);
  });
});

function comparable({ device, tag, fingerprint, heardAt, state }: LearntSeries): unknown[] {
  return [device, tag, fingerprint, heardAt, [...state]];
}

function encode(learnt: readonly LearntSeries[]): Buffer {
  const encoder = new LearntEncoder();
  const pieces = [encoder.head(), ...learnt.map((one) => encoder.series([one]))];
  return Buffer.concat([...pieces, encoder.end()]);
}

describe("the file's form", () => {
  const name = fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.toWellFormed());
  const series: fc.Arbitrary<LearntSeries> = fc.record({
    device: name,
    tag: name,
    fingerprint: fc.nat(0xffff_ffff),
    heardAt: fc.double({ noNaN: true }),
    state: fc.uint8Array({ maxLength: 40 }),
  });

  test("gives back what was written", () => {
    fc.assert(
      fc.property(fc.array(series, { maxLength: 5 }), (learnt) => {
        const back = decodeLearnt(encode(learnt));
        expect(back.map(comparable)).toEqual(learnt.map(comparable));
      }),
    );
  });

  test("refuses a file that is cut short, or changed in any bit", () => {
    const file = encode(fc.sample(series, { numRuns: 4, seed: 5 }));
    for (let bytes = 0; bytes < file.length; bytes++) {
      expect(() => decodeLearnt(file.subarray(0, bytes))).toThrow(/damaged/);
    }
    for (let bit = 0; bit < file.length * 8; bit++) {
      const changed = Buffer.from(file);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decodeLearnt(changed)).toThrow(/damaged/);
    }
  });
});
