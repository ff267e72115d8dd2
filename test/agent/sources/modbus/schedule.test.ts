import { expect, test } from "vitest";
import { Schedule } from "#agent/sources/modbus/schedule.ts";
import { fc } from "#test/support/properties.ts";

test("spreads the devices over the interval", () => {
  const schedule = new Schedule([1000, 1000, 1000, 1000], 0);
  const due = Array.from({ length: 5 }, () => {
    const turn = schedule.next()!;
    schedule.served(turn.index, turn.dueMs);
    return turn;
  });
  expect(due.map(({ index, dueMs }) => [index, dueMs])).toEqual([
    [0, 0],
    [1, 250],
    [2, 500],
    [3, 750],
    [0, 1000],
  ]);
});

test("counts missed turns, and does not make up for them", () => {
  const schedule = new Schedule([100], 0);
  expect(schedule.served(0, 350)).toBe(3);
  expect(schedule.next()).toEqual({ index: 0, dueMs: 400 });
});

test("a bus without devices has no turns", () => {
  expect(new Schedule([], 0).next()).toBeUndefined();
});

test("on an overloaded bus every device gets its share", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 10, max: 1000 }), { minLength: 2, maxLength: 20 }),
      fc.integer({ min: 100, max: 500 }),
      (intervals, pollMs) => {
        const schedule = new Schedule(intervals, 0);
        const polls = intervals.map(() => 0);
        let nowMs = 0;
        for (let i = 0; i < 100 * intervals.length; i++) {
          const turn = schedule.next()!;
          nowMs = Math.max(nowMs, turn.dueMs) + pollMs;
          polls[turn.index]! += 1;
          schedule.served(turn.index, nowMs);
        }
        // The one that has waited longest goes first, so a device waits for at most one round of
        // the others beyond its own interval.
        const roundMs = pollMs * intervals.length;
        intervals.forEach((intervalMs, i) => {
          expect(polls[i]).toBeGreaterThanOrEqual(Math.floor(nowMs / (intervalMs + 2 * roundMs)));
        });
      },
    ),
  );
});

test("of the turns that are due the most urgent goes first, and whoever has waited long enough", () => {
  const schedule = new Schedule([100, 100, 100], 0, [1, 0, 2]);
  const order = Array.from({ length: 40 }, (_, i) => {
    const nowMs = 100 + 100 * i;
    const turn = schedule.next(nowMs)!;
    schedule.served(turn.index, nowMs);
    return turn.index;
  });
  expect(order.slice(0, 10).every((index) => index === 1)).toBe(true);
  expect(order).toContain(0);
  expect(order).toContain(2);
  expect(order.filter((index) => index === 1).length).toBeGreaterThan(20);
});

test("a turn that is not free is passed over, and none is left when none is free", () => {
  const schedule = new Schedule([100, 100], 0);
  expect(schedule.next(500, (index) => index !== 0)).toEqual({ index: 1, dueMs: 50 });
  expect(schedule.next(500, () => false)).toBeUndefined();
});
