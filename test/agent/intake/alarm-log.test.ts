import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { AlarmLog } from "#agent/intake/alarm-log.ts";
import { UnsentTransitions } from "#agent/intake/unsent-transitions.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

function transition(n: number, state: "active" | "cleared" = "active"): AlarmTransition {
  return {
    id: `id-${n}`,
    device: `d${n}`,
    tag: "t",
    rule: "limit-h",
    state,
    priority: "medium",
    ts: n,
    value: n,
    expected: 0,
    message: `alarm ${n}`,
  };
}

describe("AlarmLog", () => {
  test("writes a warning an alarm, and in a flood a bounded number and the count", async () => {
    const lines: Record<string, unknown>[] = [];
    const log = pino({}, { write: (line) => lines.push(JSON.parse(line)) });
    const clock = new ManualClock();
    const alarms = new AlarmLog(log, clock);
    for (let n = 0; n < 500; n++) alarms.write(transition(n));
    expect(lines).toHaveLength(50);
    expect(lines[0]).toMatchObject({ level: 40, msg: "alarm 0", alarm: { device: "d0" } });
    await clock.advance(10_000);
    alarms.write(transition(500));
    expect(lines[50]).toMatchObject({ msg: "alarm 500", heldBack: 450 });
  });
});

describe("UnsentTransitions", () => {
  test("gives back what it kept once, and counts what it had to drop", () => {
    const unsent = new UnsentTransitions();
    unsent.keep([transition(0)]);
    unsent.keep(Array.from({ length: 1001 }, (_, n) => transition(n + 1)));
    const taken = unsent.take();
    expect([taken.length, taken[0]?.id, unsent.lost]).toEqual([1000, "id-2", 2]);
    expect(unsent.take()).toEqual([]);
  });
});
