import { expect, test } from "vitest";
import { ReadingBatch } from "#agent/sources/contract.ts";
import { createRandom } from "#core/random.ts";
import { intakeWith } from "./fakes.ts";

type Fixture = ReturnType<typeof intakeWith>;

async function send({ intake, clock }: Fixture, values: readonly number[]): Promise<void> {
  for (const value of values) {
    await clock.advance(1000);
    const batch = new ReadingBatch("mqtt");
    batch.add(intake.resolve("oven", "heat"), clock.now(), value);
    await intake.accept(batch);
  }
}

function usual(count: number): number[] {
  const random = createRandom(2);
  return Array.from({ length: count }, () => 70 + random.normal());
}

function journal({ alarms }: Fixture): string[] {
  const told = alarms.journal().toReversed();
  return told.map(({ rule, state, message }) => `${rule} ${state}: ${message}`);
}

test("who accepts the value that raised an alarm ends the alarm, and hears of it no more", async () => {
  const fixture = intakeWith();
  await send(fixture, [...usual(400), 95, ...usual(5)]);
  expect(journal(fixture)).toHaveLength(1);
  expect(fixture.intake.detectors.accept("oven", "heat")).toBe(95);
  expect(journal(fixture)[1]).toBe("anomaly cleared: oven heat is usual, as somebody said");
  await send(fixture, [...usual(40), 95]);
  expect(journal(fixture)).toHaveLength(2);
});

test("what was called stuck may stand still once that was accepted", async () => {
  const fixture = intakeWith();
  const still = Array.from({ length: 40 }, () => 70);
  await send(fixture, [...usual(800), ...still]);
  expect(journal(fixture)).toHaveLength(1);
  fixture.intake.detectors.accept("oven", "heat");
  await send(fixture, [...usual(40), ...still]);
  expect(journal(fixture).map((told) => told.split(":")[0])).toEqual([
    "stuck active",
    "stuck cleared",
  ]);
});

test("nothing is learnt or said of a device that somebody works on, and it is said so", async () => {
  const fixture = intakeWith();
  const { intake } = fixture;
  await send(fixture, usual(400));
  intake.watches.maintain((device) => device === "oven");
  await send(fixture, [200, 0, 300, ...usual(50)]);
  expect(journal(fixture)).toEqual([]);
  expect(intake.detectors.counts()).toMatchObject({ maintained: 1, watching: 0 });
  intake.watches.maintain(() => false);
  expect(intake.detectors.rows("oven", "heat")).toMatchObject([{ state: "watching" }]);
  await send(fixture, [200]);
  expect(journal(fixture)).toHaveLength(1);
});

test("a change of one tag's settings leaves what was learnt of the others", async () => {
  const fixture = intakeWith();
  const { intake, clock } = fixture;
  for (const value of usual(300)) {
    await clock.advance(1000);
    const batch = new ReadingBatch("mqtt");
    for (const tag of ["heat", "power"]) batch.add(intake.resolve("oven", tag), clock.now(), value);
    await intake.accept(batch);
  }
  const limits = { h: 200, deadband: 0 };
  const oven = { detect: { auto: true }, tags: { heat: { limits } } };
  intake.reconfigure({ devices: { oven } }, ["oven"]);
  await send(fixture, [70]);
  expect(intake.detectors.rows("oven")).toMatchObject([
    { tag: "heat", state: "learning", seen: 1 },
    { tag: "power", state: "watching" },
  ]);
});

test("there is nothing to accept or relearn of whoever has given no number", () => {
  const { intake } = intakeWith();
  expect(intake.detectors.accept("oven", "heat", 5)).toBeUndefined();
  expect(intake.detectors.relearn("oven")).toBe(0);
  expect(intake.detectors.rows()).toEqual([]);
});
