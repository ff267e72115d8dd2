import { expect, test } from "vitest";
import { drain } from "#sim/demo/drain.ts";
import type { Figures } from "#sim/demo/watch.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

function figures(bufferSegments: number, committed: number): Figures {
  return {
    agent: {
      storedBySource: { mqtt: 90, "plc-1": 10 },
      bufferSegments,
      bufferBytes: bufferSegments * 1000,
    },
    sink: { committed, alarms: 0, latencyMs: { p50: 1, p99: 2, max: 3, count: committed } },
  };
}

async function drained(answers: (Figures | undefined)[]): Promise<[boolean, number]> {
  const clock = new ManualClock();
  let looks = 0;
  const last = answers.length - 1;
  const running = drain(async () => answers[Math.min(last, looks++)], clock);
  await clock.advance(400_000);
  return [await running, looks];
}

test("waits for the buffer and for the sink", async () => {
  expect(await drained([figures(2, 80), figures(0, 90), figures(0, 100)])).toEqual([true, 3]);
});

test("does not take a program that is down for one that is done", async () => {
  expect(await drained([undefined, figures(1, 100), figures(0, 100)])).toEqual([true, 3]);
});

test("gives up after thirty seconds without any progress", async () => {
  const [isDrained, looks] = await drained([figures(0, 99)]);
  expect(isDrained).toBe(false);
  expect(looks).toBeGreaterThan(145);
  expect(looks).toBeLessThan(160);
});

test("waits on as long as there is progress, within limits", async () => {
  const slow = Array.from({ length: 1000 }, (_, i) => figures(1000 - i, 0));
  const [isDrained, looks] = await drained(slow);
  expect(isDrained).toBe(false);
  expect(looks).toBeGreaterThan(900);
});
