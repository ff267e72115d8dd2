/** Series that fall silent, and readings that come back behind a hole. */
import { expect, test } from "vitest";
import type { ReadingIntake } from "#agent/intake/reading-intake.ts";
import { ReadingBatch } from "#agent/sources/contract.ts";
import type { Value } from "#core/reading.ts";
import type { ManualClock } from "#test/support/manual-clock.ts";
import type { RecordingAlarms } from "#test/support/recording-alarms.ts";
import { intakeWith } from "./fakes.ts";

const CONFIGURED = { oven: { detect: { auto: false, stale: 30_000 }, tags: {} } };

class Plant {
  readonly intake: ReadingIntake;
  readonly clock: ManualClock;
  readonly alarms: RecordingAlarms;

  constructor(devices: Parameters<typeof intakeWith>[0] = {}) {
    const { intake, clock, alarms } = intakeWith(devices);
    this.alarms = alarms;
    this.intake = intake;
    this.clock = clock;
    clock.every("tick", 1000, () => intake.tick());
  }

  async send(value: Value, tag = "heat", quality: "good" | "bad" = "good"): Promise<void> {
    const batch = new ReadingBatch("mqtt");
    const series = this.intake.resolve("oven", tag);
    if (quality === "bad") batch.add(series, this.clock.now(), value, "bad", "timeout");
    else batch.add(series, this.clock.now(), value);
    await this.intake.accept(batch);
  }

  /** One value a second, for so many seconds. */
  async run(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await this.clock.advance(1000);
      await this.send(20 + (i % 7));
    }
  }

  get told(): string[] {
    const journal = this.alarms.journal().toReversed();
    return journal.map(({ rule, state, priority }) => `${rule} ${state} ${priority}`);
  }
}

test("a series that is silent for longer than the file allows is told of, once, and when it is back", async () => {
  const plant = new Plant({ devices: CONFIGURED });
  await plant.run(3);
  const lastTs = plant.clock.now();
  await plant.clock.advance(29_000);
  expect(plant.told).toEqual([]);
  await plant.clock.advance(600_000);
  expect(plant.told).toEqual(["stale active medium"]);
  const [alarm] = plant.alarms.active();
  expect(alarm).toMatchObject({ since: lastTs, ts: lastTs + 30_000, value: 30, unit: "s" });
  expect(alarm?.message).toBe("oven heat has given no good reading for 30 s (usually every 1 s)");
  expect(alarm?.id).toBe(`oven/heat/stale/active/${lastTs}`);
  await plant.run(1);
  expect(plant.told).toEqual(["stale active medium", "stale cleared medium"]);
});

test("bad readings are no sign of life, texts and switches are", async () => {
  const plant = new Plant({ devices: CONFIGURED });
  await plant.send(20);
  await plant.send(true, "door");
  for (let i = 0; i < 60; i++) {
    await plant.clock.advance(1000);
    await plant.send(null, "heat", "bad");
    await plant.send(i % 2 === 0, "door");
  }
  expect(plant.alarms.active().map(({ tag }) => tag)).toEqual(["heat"]);
  await plant.clock.advance(60_000);
  expect(plant.alarms.active().map(({ tag }) => tag)).toEqual(["heat", "door"]);
});

test("without a setting the series' own rhythm tells what is too long", async () => {
  const plant = new Plant();
  await plant.run(40);
  await plant.clock.advance(3_600_000);
  expect(plant.told).toEqual([]);
  await plant.run(100);
  await plant.clock.advance(25_000);
  expect(plant.told).toEqual([]);
  await plant.clock.advance(10_000);
  expect(plant.told).toEqual(["stale active low"]);
});

test("whoever is silent again and again, as machines are at night, is told of no more", async () => {
  const plant = new Plant();
  for (let night = 0; night < 5; night++) {
    await plant.run(100);
    await plant.clock.advance(8 * 3_600_000);
  }
  expect(plant.told.filter((told) => told === "stale active low")).toHaveLength(3);
});

test("a hole in the readings' own times is told of where nobody was told of the silence", async () => {
  const plant = new Plant();
  await plant.run(100);
  // The device's clock says that two minutes are missing, though nothing was waited for.
  plant.clock.stepWall(120_000);
  await plant.run(1);
  expect(plant.told).toEqual(["gap active low"]);
  expect(plant.alarms.active()[0]?.message).toMatch(
    /^oven heat has no readings of 2 min 1 s, from [\d-]+ [\d:]+ UTC to [\d-]+ [\d:]+ UTC$/,
  );
  await plant.run(20);
  expect(plant.told).toEqual(["gap active low", "gap cleared low"]);
});

test("a step of the wall clock makes nobody silent", async () => {
  const plant = new Plant({ devices: CONFIGURED });
  await plant.run(3);
  plant.clock.stepWall(86_400_000);
  await plant.run(3);
  plant.clock.stepWall(-86_400_000);
  await plant.clock.advance(2000);
  expect(plant.told).toEqual([]);
});

test("a machine that stands may be silent", async () => {
  const detect = { auto: false, stale: 30_000, while: "running" };
  const plant = new Plant({ devices: { oven: { detect, tags: {} } } });
  await plant.send(false, "running");
  await plant.run(3);
  await plant.clock.advance(600_000);
  expect(plant.told).toEqual(["stale active medium"]);
  expect(plant.alarms.active().map(({ tag }) => tag)).toEqual(["running"]);
});

test("nobody is timed any more whose settings have changed", async () => {
  const plant = new Plant({ devices: CONFIGURED });
  await plant.run(3);
  plant.intake.reconfigure({ devices: {} }, ["oven"]);
  await plant.clock.advance(600_000);
  expect(plant.told).toEqual([]);
});
