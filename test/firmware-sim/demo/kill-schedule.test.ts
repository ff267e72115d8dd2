import { expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { scheduleKills } from "#sim/demo/kill-schedule.ts";

const programs = ["hub", "sink", "agent"];

test("each program is killed once, within the run, with time to come back in between", () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const kills = scheduleKills(programs, 30_000, createRandom(seed));
    expect(kills.map((kill) => kill.program).toSorted()).toEqual(["agent", "hub", "sink"]);
    orders.add(kills.map((kill) => kill.program).join());
    const times = [0, ...kills.map((kill) => kill.afterMs), 30_000];
    const pauses = times.slice(1).map((time, i) => time - times[i]!);
    expect(Math.min(...pauses)).toBeGreaterThan(2900);
  }
  expect(orders.size).toBe(6);
});

test("the same seed kills at the same moments", () => {
  const once = scheduleKills(programs, 30_000, createRandom(4));
  expect(scheduleKills(programs, 30_000, createRandom(4))).toEqual(once);
});

test("a run without an end has its kills in the first minute", () => {
  const kills = scheduleKills(programs, undefined, createRandom(1));
  expect(Math.max(...kills.map((kill) => kill.afterMs))).toBeLessThan(60_000);
});
