import { expect, test } from "vitest";
import type { TagProfile } from "#agent/intake/series-settings.ts";
import { ReadingBatch } from "#agent/sources/contract.ts";
import type { Quality, Value } from "#core/reading.ts";
import { type FakeBuffer, intakeWith, T0 } from "./fakes.ts";

interface Given {
  value: Value;
  quality?: Quality;
  /** Milliseconds after T0; a second after the one before, if left out. */
  at?: number;
}

/** Hands readings of one tag to an intake, each in a batch of its own. */
async function pass(
  tag: TagProfile,
  given: readonly (number | Given)[],
): Promise<Pick<ReturnType<typeof intakeWith>, "buffer" | "intake" | "alarms">> {
  const profile = { detect: { auto: false }, tags: { level: tag } };
  const { intake, buffer, alarms } = intakeWith({ devices: { tank: profile } });
  for (const [i, each] of given.entries()) {
    const {
      value,
      quality = "good",
      at = 1000 * i,
    } = typeof each === "number" ? { value: each } : each;
    const batch = new ReadingBatch("mqtt");
    const reason = quality === "good" ? undefined : "timeout";
    batch.add(intake.resolve("tank", "level"), T0 + at, value, quality, reason);
    await intake.accept(batch);
  }
  return { buffer, intake, alarms };
}

/** What of it was stored: value, and reason where it is not good. */
function stored({ buffer }: { buffer: FakeBuffer }): unknown[] {
  return buffer.inputs.flatMap(({ batch }) =>
    batch.values.map((value, i) => (batch.reasons[i] === undefined ? value : batch.reasons[i])),
  );
}

test("a deadband leaves out what says nothing new, and counts it", async () => {
  const passed = await pass({ deadband: 2, maxSilence: 60_000 }, [3, 4, 5, 6, 7]);
  expect(stored(passed)).toEqual([3, 6]);
  expect(passed.intake.counters).toMatchObject({ readings: 2, leftOut: 3 });
});

test("a deadband hides nothing from the alarms, nor from the page of values", async () => {
  const limits = { h: 10, deadband: 0 };
  const { intake, alarms } = await pass({ deadband: 100, maxSilence: 60_000, limits }, [3, 11]);
  expect(alarms.activeCount).toBe(1);
  expect(intake.values.at(0)?.value).toBe(11);
});

test("after a bad reading the first good one is kept, though it lies within the deadband", async () => {
  const bad = { value: null, quality: "bad" as const };
  const passed = await pass({ deadband: 2, maxSilence: 60_000 }, [3, bad, bad, 3, 3]);
  expect(stored(passed)).toEqual([3, "timeout", "timeout", 3]);
});

test("what is out of range is stored, bad, and raises no alarm", async () => {
  const passed = await pass({ range: [0, 60], limits: { h: 50, deadband: 0 } }, [61, 3]);
  expect(stored(passed)).toEqual(["out of range", 3]);
  expect(passed.alarms.activeCount).toBe(0);
});

test("a counter in a register wraps at the end of its type, scaled", async () => {
  const tag = { counter: true, register: 40_001, type: "uint16", scale: 0.1 };
  expect(stored(await pass(tag, [6500, 12, 3000, 0]))).toEqual([
    6500,
    "counter wrapped",
    3000,
    "counter reset",
  ]);
});

test("a filter smooths good numbers, and starts anew behind a gap", async () => {
  const gap = { value: null, quality: "bad" as const };
  expect(stored(await pass({ filter: { mean: 2 } }, [10, 20, gap, 40]))).toEqual([
    10,
    15,
    "timeout",
    40,
  ]);
});

test("no more than one reading is stored in the filter's interval", async () => {
  const readings = [0, 10, 400, 1000].map((at) => ({ value: at, at }));
  expect(stored(await pass({ filter: { minInterval: 500 } }, readings))).toEqual([0, 1000]);
});

test("a doubt of the source stays, and what is bad is not judged again", async () => {
  const doubted = { value: 5, quality: "uncertain" as const };
  expect(stored(await pass({ range: [0, 10], filter: { mean: 5 } }, [1, doubted, 3]))).toEqual([
    1,
    "timeout",
    2,
  ]);
});

test("a message that could not be stored is kept when it comes again", async () => {
  const tag = { deadband: 2, maxSilence: 60_000 };
  const profile = { detect: { auto: false }, tags: { level: tag } };
  const { intake, buffer } = intakeWith({ devices: { tank: profile } });
  const send = async (): Promise<unknown> => {
    const batch = new ReadingBatch("mqtt");
    batch.add(intake.resolve("tank", "level"), T0, 3);
    return await intake.accept(batch);
  };
  buffer.failure = new Error("the disk is full");
  await expect(send()).rejects.toThrow("the disk is full");
  buffer.failure = undefined;
  await send();
  expect(intake.counters.readings).toBe(1);
});
