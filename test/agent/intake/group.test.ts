/** Tags of one machine that are watched together. */
import { expect, test } from "vitest";
import type { Plant } from "#agent/intake/reading-intake.ts";
import { ReadingBatch } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { createRandom } from "#core/random.ts";
import { intakeWith } from "./fakes.ts";

const TAGS = ["current", "flow"] as const;
const MIXER: Plant = {
  devices: {
    mixer: {
      detect: { auto: false, group: TAGS, while: "running" },
      tags: { flow: { unit: "l/s" } },
    },
  },
};

class Mixer {
  readonly told: AlarmTransition[] = [];
  readonly fixture = intakeWith({ ...MIXER, onAlarm: (found) => void this.told.push(found) });
  readonly #random = createRandom(3);

  /** Rows of a machine whose flow follows its current, but for what it lacks. */
  async run(rows: number, lacking = 0, running = true): Promise<void> {
    const { intake, clock } = this.fixture;
    for (let i = 0; i < rows; i++) {
      await clock.advance(1000);
      const current = 40 + this.#random.normal();
      const batch = new ReadingBatch("mqtt");
      batch.add(intake.resolve("mixer", "running"), clock.now(), running);
      batch.add(intake.resolve("mixer", "current"), clock.now(), current);
      batch.add(intake.resolve("mixer", "flow"), clock.now(), current / 10 - lacking);
      await intake.accept(batch);
    }
  }

  get state(): string | undefined {
    return this.fixture.intake.detectors.rows("mixer", "(group)")[0]?.state;
  }
}

test("a machine whose tags do not fit together as they did is told of, with the tag at fault", async () => {
  const mixer = new Mixer();
  await mixer.run(900);
  expect(mixer.state).toBe("learning");
  await mixer.run(1000);
  expect(mixer.state).toBe("watching");
  expect(mixer.told).toEqual([]);
  await mixer.run(40, 1);
  expect(mixer.told).toMatchObject([
    {
      device: "mixer",
      tag: "(group)",
      rule: "group",
      state: "active",
      feature: "flow",
      unit: "l/s",
    },
  ]);
  expect(mixer.told[0]?.message).toMatch(
    /^mixer does not fit together as it did: mixer flow is at [\d.]+ l\/s, and was at about [\d.]+ l\/s$/,
  );
  await mixer.run(120);
  expect(mixer.told[1]).toMatchObject({ state: "cleared" });
  expect(mixer.told[1]?.message).toBe("mixer fits together again as it did");
});

test("nothing is learnt of a group, or said, while its machine stands", async () => {
  const mixer = new Mixer();
  await mixer.run(500, 0, false);
  await mixer.run(1100);
  expect(mixer.state).toBe("watching");
  await mixer.run(40, 1);
  await mixer.run(1, 1, false);
  expect(mixer.told.map(({ state }) => state)).toEqual(["active", "cleared"]);
  expect(mixer.state).toBe("standing");
});

test("a group goes on behind a restart, and is learnt anew when somebody says so", async () => {
  const first = new Mixer();
  await first.run(1100);
  const learnt = first.fixture.intake.detectors.learnt();
  expect(learnt.filter(({ tag }) => tag === "(group)")).toHaveLength(1);
  const second = new Mixer();
  second.fixture.intake.detectors.remember(learnt, second.fixture.clock.now());
  await second.run(40, 1);
  expect(second.told).toMatchObject([{ rule: "group", state: "active" }]);
  second.fixture.intake.detectors.relearn("mixer");
  expect(second.told[1]).toMatchObject({ rule: "group", state: "cleared" });
  expect(second.state).toBe("learning");
});
