import { expect, test } from "vitest";
import { ManualClock } from "#test/support/manual-clock.ts";
import { type FaultKind, findKinds } from "./fault-kind.ts";
import { Storm } from "./storm.ts";
import type { PlannedFault } from "./storm-plan.ts";

const kindCalled = (name: string): FaultKind => {
  const [kind] = findKinds(name) ?? [];
  if (!kind) throw new Error(`no fault ${name}`);
  return kind;
};

const planned = (number: number, name: string, atMs: number, forMs: number): PlannedFault => ({
  number,
  kind: kindCalled(name),
  atMs,
  forMs,
  seed: number,
});

/** A storm whose faults only say what they do; `upAtMs` is when a fault's target is there. */
function quietStorm(plan: readonly PlannedFault[], upAtMs: Record<string, number> = {}) {
  const clock = new ManualClock();
  const diary: string[] = [];
  const note = (text: string): void => void diary.push(`${clock.monotonic()} ${text}`);
  const storm = new Storm(plan, {
    clock,
    log: { fault: ({ number }, step) => note(`${number} ${step}`) },
    begin: async ({ kind, forMs }) => {
      const waitMs = (upAtMs[kind.name] ?? 0) - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, { name: kind.name });
      return forMs === 0 ? { what: kind.name } : { what: kind.name, heal: () => "" };
    },
  });
  const ending = new AbortController();
  return { storm, clock, diary, ending, ended: storm.rage(ending.signal) };
}

test("faults of different targets overlap, as planned", async () => {
  const plan = [planned(1, "cut-uplink", 100, 500), planned(2, "throttle", 200, 100)];
  const { storm, clock, diary, ended } = quietStorm(plan);
  await clock.advance(1000);
  await ended;
  expect(diary).toEqual(["100 1 begins", "200 2 begins", "300 2 healed", "600 1 healed"]);
  expect(storm.counts).toEqual({ "cut-uplink": 1, throttle: 1 });
  expect(storm.done).toBe(2);
});

test("a fault waits until the one before it on the same target has healed", async () => {
  const plan = [planned(1, "freeze-hub", 100, 500), planned(2, "kill-hub", 150, 0)];
  const { clock, diary, ended } = quietStorm(plan, { "freeze-hub": 1000 });
  await clock.advance(2000);
  await ended;
  expect(diary).toEqual(["1000 1 begins", "1500 1 healed", "1500 2 begins"]);
});

test("a fault of several targets waits for all of them, and holds all of them", async () => {
  const plan = [
    planned(1, "freeze-sink", 0, 400),
    planned(2, "kill-all", 100, 0),
    planned(3, "kill-agent", 200, 0),
  ];
  const { clock, diary, ended } = quietStorm(plan);
  await clock.advance(1000);
  await ended;
  expect(diary).toEqual(["0 1 begins", "400 1 healed", "400 2 begins", "400 3 begins"]);
});

test("a storm that is ended heals what lasts, and begins nothing more", async () => {
  const plan = [planned(1, "cut-uplink", 100, 5000), planned(2, "kill-hub", 3000, 0)];
  const { storm, clock, diary, ending, ended } = quietStorm(plan);
  await clock.advance(1000);
  ending.abort();
  await ended;
  expect(diary.toSorted()).toEqual(["100 1 begins", "1000 1 healed", "1000 2 left out"]);
  expect(storm.counts).toEqual({ "cut-uplink": 1 });
});

test("a fault that cannot be brought about fails the storm", async () => {
  const clock = new ManualClock();
  const storm = new Storm([planned(1, "kill-hub", 10, 0)], {
    clock,
    log: { fault: () => {} },
    begin: async () => {
      throw new Error("no such program");
    },
  });
  const [raged] = await Promise.allSettled([
    storm.rage(new AbortController().signal),
    clock.advance(10),
  ]);
  expect(raged).toMatchObject({ status: "rejected", reason: { message: "no such program" } });
});
