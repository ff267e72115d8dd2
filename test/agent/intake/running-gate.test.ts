import { expect, test } from "vitest";
import { ReadingBatch } from "#agent/sources/contract.ts";
import { createRandom } from "#core/random.ts";
import { intakeWith, T0 } from "./fakes.ts";

const MOTOR = {
  detect: { auto: true, sensitivity: "high" as const, while: "running" },
  tags: { current: { limits: { hh: 500, deadband: 0 } } },
};

/** A motor under test: each call is one message a second, with or without its state. */
function motor(): {
  send: (current: number, running?: boolean | null) => Promise<void>;
  alarms: () => string[];
} {
  const { intake, alarms } = intakeWith({ devices: { motor: MOTOR } });
  let ts = T0;
  return {
    send: async (current, running) => {
      const batch = new ReadingBatch("mqtt");
      ts += 1000;
      if (running === null) {
        batch.add(intake.resolve("motor", "running"), ts, null, "bad", "timeout");
      } else if (running !== undefined) {
        batch.add(intake.resolve("motor", "running"), ts, running);
      }
      batch.add(intake.resolve("motor", "current"), ts, current);
      await intake.accept(batch);
    },
    alarms: () =>
      alarms
        .journal()
        .map(({ rule, state }) => `${rule} ${state}`)
        .toReversed(),
  };
}

/** Runs it at about 40 A for long enough to be known. */
async function run(send: (current: number, running: boolean) => Promise<void>): Promise<void> {
  const random = createRandom(7);
  for (let i = 0; i < 1000; i++) await send(40 + random.next(), true);
}

test("a machine that stands teaches nothing, and raises no alarm that it is unusual", async () => {
  const { send, alarms } = motor();
  await run(send);
  const before = alarms().length;
  for (let i = 0; i < 1000; i++) await send(0, false);
  expect(alarms()).toHaveLength(before);
  // Had the standing machine been learnt, 5 A would now lie within what is known.
  await send(5, true);
  expect(alarms().at(-1)).toBe("anomaly active");
});

test("limits hold while the machine stands", async () => {
  const { send, alarms } = motor();
  await send(600, false);
  expect(alarms()).toEqual(["limit-hh active"]);
});

test("what is not known to run counts as standing", async () => {
  const { send, alarms } = motor();
  await run(send);
  const before = alarms().length;
  await send(0, null);
  await send(0);
  expect(alarms()).toHaveLength(before);
});

test("an alarm that something is unusual ends when the machine stops", async () => {
  const { send, alarms } = motor();
  await run(send);
  await send(400, true);
  expect(alarms().at(-1)).toBe("anomaly active");
  await send(0, false);
  expect(alarms().at(-1)).toBe("anomaly cleared");
});
