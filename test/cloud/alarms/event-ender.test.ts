import { expect, test } from "vitest";
import { EventEnder } from "#cloud/alarms/event-ender.ts";
import { Verdict } from "#cloud/alarms/verdict.ts";
import { sinkAlarm } from "#cloud/store/contract.ts";
import { transition } from "#test/contracts/store-desk.ts";

const HOUR_MS = 3_600_000;

function endedAfterAnHour(alarm: ReturnType<typeof sinkAlarm>): string[] {
  const ender = new EventEnder();
  ender.note(alarm, 0, new Verdict());
  const verdict = new Verdict();
  ender.judge(HOUR_MS, verdict);
  return (verdict.write.raised ?? []).map(
    ({ device, rule, state }) => `${device} ${rule} ${state}`,
  );
}

test("lost chunks, whose end nobody can observe, are over after a while", () => {
  const lost = sinkAlarm("hall-3", "gap", "e1 lane 0 seq 3-4", 0, "2 chunks never came");
  expect(endedAfterAnHour(lost)).toEqual(["(gateway) gap cleared"]);
});

test("a hole in a device's readings is its gateway's to end", () => {
  expect(endedAfterAnHour(transition("t1", { rule: "gap" }))).toEqual([]);
});
