import { expect, test } from "vitest";
import { StoreWatch } from "#agent/alarms/store-watch.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { PenstockError } from "#core/errors.ts";
import { silentLogger } from "#core/log.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

test("tells once that the disk fails, a damaged folder lies there, or the list is full, and once that it is over", async () => {
  const store = { failure: undefined as Error | undefined, isDamaged: false, takenOff: 0 };
  const standing = new Set<string>();
  const told: AlarmTransition[] = [];
  const clock = new ManualClock();
  const watch = new StoreWatch({
    store: {
      get failure() {
        return store.failure;
      },
      hasDamaged: async () => store.isDamaged,
    },
    takenOff: () => store.takenOff,
    isActive: ({ rule }) => standing.has(rule),
    onAlarm: (transition) => {
      told.push(transition);
      if (transition.state === "active") standing.add(transition.rule);
      else standing.delete(transition.rule);
    },
    clock,
    log: silentLogger,
  });
  watch.start();
  await clock.advance(5000);
  expect(told).toEqual([]);
  store.failure = new PenstockError("ALARMS_FAILED", "no space left");
  store.isDamaged = true;
  await clock.advance(5000);
  store.failure = undefined;
  store.isDamaged = false;
  await clock.advance(5000);
  store.takenOff = 100;
  await clock.advance(590_000);
  store.takenOff = 200;
  await clock.advance(602_000);
  await watch.stop();
  expect(told.map(({ rule, state }) => `${rule} ${state}`)).toEqual([
    "alarms-failing active",
    "alarms-damaged active",
    "alarms-failing cleared",
    "alarms-damaged cleared",
    "alarms-full active",
    "alarms-full cleared",
  ]);
  expect(told[0]?.message).toContain("no space left");
});
