import { describe, expect, test } from "vitest";
import { Rota } from "#sim/fleet/rota.ts";
import { fc } from "#test/support/properties.ts";

function take(rota: Rota, nowMs: number): { member: number; lateMs: number }[] {
  const turns: { member: number; lateMs: number }[] = [];
  rota.takeDue(nowMs, (member, lateMs) => turns.push({ member, lateMs }));
  return turns;
}

describe("the rota", () => {
  test("spreads its members evenly over the period", () => {
    const rota = new Rota({ members: 4, periodMs: 1000, catchUpMs: 1000 });
    rota.start(500);
    expect(take(rota, 500)).toEqual([{ member: 0, lateMs: 0 }]);
    expect(take(rota, 749)).toEqual([]);
    expect(take(rota, 1010)).toEqual([
      { member: 1, lateMs: 260 },
      { member: 2, lateMs: 10 },
    ]);
    expect(take(rota, 1500).map(({ member }) => member)).toEqual([3, 0]);
  });

  test("gives every member its turn once a period, at any rhythm of ticks", () => {
    const ticks = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(ticks, fc.integer({ min: 1, max: 50 }), (stepsMs, members) => {
        const rota = new Rota({ members, periodMs: 1000, catchUpMs: 1000 });
        rota.start(0);
        let nowMs = 0;
        const turns = stepsMs.flatMap((stepMs) => take(rota, (nowMs += stepMs)));
        expect(turns.map(({ member }) => member)).toEqual(turns.map((_, i) => i % members));
        expect(turns.length).toBe(Math.floor(nowMs / (1000 / members)) + 1);
        expect(rota.skipped).toBe(0);
      }),
    );
  });

  test("makes up for a bounded time, and counts the turns it skips", () => {
    const rota = new Rota({ members: 10, periodMs: 100, catchUpMs: 500 });
    rota.start(0);
    const turns = take(rota, 2000);
    expect(turns).toHaveLength(50);
    expect(rota.skipped).toBe(151);
    expect(turns.at(-1)).toEqual({ member: 0, lateMs: 0 });
  });

  test("has no turns without members", () => {
    const rota = new Rota({ members: 0, periodMs: 1000, catchUpMs: 1000 });
    rota.start(0);
    expect(take(rota, 10_000)).toEqual([]);
  });
});
