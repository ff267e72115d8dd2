/** What becomes of alarms: causes, operations, late transitions, bounds. */
import { describe, expect, test } from "vitest";
import type { AlarmTransition } from "#core/alarm.ts";
import { AlarmBoard } from "#core/alarms/alarm-board.ts";
import { alarmState } from "#core/alarms/contract.ts";
import { causesFirst } from "#core/alarms/inhibition.ts";
import { stateKey } from "#core/alarms/state-key.ts";
import { BoardDriver, sentence } from "./board-driver.ts";
import { FACTS, journaled, NOTHING_KEPT, POLICY, START_MS, told, transition } from "./sample.ts";

function raiseOf(place: string, ts: number): AlarmTransition {
  return transition(place, "active", ts);
}

describe("a cause", () => {
  test.each([
    ["(gateway)/rs485-a/dead", "meter-1/(device)/silent"],
    ["(gateway)/rs485-a/dead", "meter-1/power/stale"],
    ["(gateway)/(bus rs485-a)/stopped", "meter-1/power/stale"],
    ["(gateway)/rs485-a/noisy", "meter-1/(device)/silent"],
    ["meter-1/(device)/silent", "meter-1/power/stale"],
    ["meter-1/(device)/silent", "meter-1/power/gap"],
    ["meter-1/(device)/silent", "meter-1/power/anomaly"],
    ["meter-1/power/stale", "meter-1/power/anomaly"],
    ["meter-1/power/stale", "meter-1/power/stuck"],
    ["meter-1/power/limit-hh", "meter-1/power/limit-h"],
    ["meter-1/power/limit-ll", "meter-1/power/limit-l"],
  ])("%s silences %s, whichever comes first, as long as it stands", (cause, effect) => {
    for (const order of [
      [cause, effect],
      [effect, cause],
    ]) {
      const driver = new BoardDriver();
      for (const place of order) driver.raise(place);
      const of = (place: string): string | undefined =>
        driver.board.states().find(({ key }) => key === place)?.suppressedBy;
      expect([of(cause), of(effect)]).toEqual([undefined, cause]);
      driver.clear(cause);
      expect(of(effect)).toBeUndefined();
    }
  });

  test.each([
    ["(gateway)/rs485-a/dead", "oven-2/(device)/silent"],
    ["(gateway)/rs485-b/dead", "meter-1/(device)/silent"],
    ["(gateway)/rs485-a/dead", "meter-1/power/limit-h"],
    ["meter-1/(device)/silent", "meter-2/power/stale"],
    ["meter-1/(device)/silent", "meter-1/power/limit-h"],
    ["meter-1/power/stale", "meter-1/energy/anomaly"],
    ["meter-1/power/limit-hh", "meter-1/power/limit-l"],
  ])("%s leaves %s alone", (cause, other) => {
    const driver = new BoardDriver();
    driver.raise(cause);
    driver.raise(other);
    expect(driver.board.states().every((state) => state.suppressedBy === undefined)).toBe(true);
  });

  test("that ends gives its effects time to end as well, and then tells of those that stand", () => {
    const driver = new BoardDriver();
    driver.raise("(gateway)/rs485-a/dead", "critical");
    driver.raise("meter-1/(device)/silent");
    driver.raise("meter-2/(device)/silent");
    expect(driver.pass(600_000)).toEqual([]);
    driver.clear("(gateway)/rs485-a/dead");
    driver.clear("meter-1/(device)/silent");
    expect(driver.pass(29_000)).toEqual([]);
    expect(driver.pass(2000)).toEqual([`raised: ${sentence("meter-2", "(device)")}`]);
  });

  test("comes before what it explains, of what comes in together", () => {
    const together = [
      raiseOf("m/p/anomaly", 1),
      raiseOf("m/p/limit-l", 1),
      raiseOf("m/p/stale", 1),
      raiseOf("m/p/limit-ll", 1),
      raiseOf("m/(device)/silent", 1),
      raiseOf("(gateway)/a/dead", 1),
      raiseOf("m/p/limit-hh", 0),
    ];
    expect(causesFirst(together).map(({ rule }) => rule)).toEqual([
      "limit-hh",
      "dead",
      "silent",
      "stale",
      "limit-ll",
      "anomaly",
      "limit-l",
    ]);
  });
});

describe("an operation", () => {
  const LOW = "oven-2/level/limit-ll";

  test("on several alarms happens to all of them, or to none", () => {
    const driver = new BoardDriver();
    driver.raise(LOW);
    expect(() => driver.operate("acknowledge", LOW, "oven-9/level/limit-l")).toThrow(
      expect.objectContaining({ code: "ALARM_UNKNOWN", message: "no alarm oven-9/level/limit-l" }),
    );
    expect(driver.board.states()[0]?.isAcknowledged).toBe(false);
  });

  test("resets a latched alarm only when it is over and acknowledged", () => {
    const driver = new BoardDriver();
    driver.raise(LOW);
    const refused = (reason: string): object =>
      expect.objectContaining({ code: "ALARM_REFUSED", message: `${LOW} ${reason}` });
    expect(() => driver.operate("reset", LOW)).toThrow(refused("is still active"));
    driver.clear(LOW);
    expect(() => driver.operate("reset", LOW)).toThrow(refused("is not acknowledged yet"));
    driver.operate("acknowledge", LOW);
    expect(driver.board.states()).toHaveLength(1);
    expect(journaled(driver.operate("reset", LOW))).toEqual([`reset ${LOW}`]);
    expect(driver.board.states()).toEqual([]);
  });

  test("shelves for no longer where the clock is set back meanwhile", () => {
    const driver = new BoardDriver({ shelveMaxMs: 3_600_000 });
    driver.raise(LOW);
    driver.operate("shelve", LOW);
    driver.nowMs -= 3_000_000;
    expect(journaled(driver.board.tick(driver.nowMs))).toEqual([]);
    driver.nowMs -= 365 * 86_400_000;
    const effects = driver.board.tick(driver.nowMs);
    expect(journaled(effects)).toEqual([`unshelved ${LOW}`]);
    expect(told(effects)).toHaveLength(1);
  });

  test("shelves for as long as the plant allows, and no longer", () => {
    const driver = new BoardDriver({ shelveMaxMs: 3_600_000 });
    driver.raise(LOW);
    const shelve = (until: number): unknown =>
      driver.board.operate(
        { kind: "shelve", keys: [LOW], by: "eva", note: "", until },
        driver.nowMs,
      );
    expect(() => shelve(driver.nowMs + 3_600_001)).toThrow(
      "an alarm is shelved for 1 hours at most",
    );
    expect(() => shelve(driver.nowMs)).toThrow("yet to come");
    expect(shelve(driver.nowMs + 3_600_000)).toMatchObject({ write: { states: [{ key: LOW }] } });
  });

  test("begins no maintenance without a reason or an end, nor twice under one name", () => {
    const driver = new BoardDriver();
    expect(() => driver.beginMaintenance(["oven-2"], 60_000, " ")).toThrow("needs a reason");
    expect(() => driver.beginMaintenance(["oven-2"], 0)).toThrow("would end before it begins");
    const years = 10_000 * 86_400_000;
    expect(() => driver.beginMaintenance(["oven-2"], years)).toThrow("would last over 31 days");
    driver.beginMaintenance(["oven-2"], 60_000);
    expect(() => driver.beginMaintenance(["oven-2"], 60_000)).toThrow("has begun before");
    const end = { kind: "end-maintenance", by: "eva", note: "done" } as const;
    expect(() => driver.board.operate({ ...end, id: "m7" }, driver.nowMs)).toThrow(
      "no maintenance m7; there is m1",
    );
    const ended = driver.board.operate({ ...end, id: "m1" }, driver.nowMs);
    expect(ended.write).toMatchObject({ maintenanceEnded: ["m1"], journal: [{ by: "eva" }] });
  });
});

describe("a transition", () => {
  const PLACE = "oven-2/temperature/limit-h";

  test("that was taken in before changes nothing, and neither does a clearing of nothing", () => {
    const driver = new BoardDriver();
    const raise = transition(PLACE, "active", START_MS);
    driver.board.take(raise, "", START_MS);
    const again = driver.board.take(raise, "", START_MS + 9);
    expect([again.notices, again.write.states, again.write.journal]).toEqual([[], [], []]);
    expect(told(driver.clear("oven-9/temperature/limit-h"))).toEqual([]);
    expect(driver.board.states()).toHaveLength(1);
  });

  test("of a backlog that comes after a newer one is history, where time decides", () => {
    const driver = new BoardDriver();
    const take = (state: "active" | "cleared", ts: number): string[] =>
      told(driver.board.take(transition(PLACE, state, ts), "hall-3", driver.nowMs, "time"));
    expect(take("active", START_MS + 500)).toHaveLength(1);
    expect(take("active", START_MS + 100)).toEqual([]);
    expect(take("cleared", START_MS + 200)).toEqual([]);
    expect(driver.board.states()).toMatchObject([{ isActive: true, activeSince: START_MS + 500 }]);
    expect(take("cleared", START_MS + 900)).toHaveLength(1);
  });

  test("that raises what is known to have ended later raises nothing, where time decides", () => {
    const driver = new BoardDriver();
    driver.board.take(transition(PLACE, "cleared", START_MS + 200), "hall-3", driver.nowMs, "time");
    const late = transition(PLACE, "active", START_MS + 100);
    expect(told(driver.board.take(late, "hall-3", driver.nowMs, "time"))).toEqual([]);
    expect(driver.board.states()).toEqual([]);
  });

  test("follows the one that came before, whatever the clocks said, where arrival decides", () => {
    const driver = new BoardDriver();
    const take = (state: "active" | "cleared", ts: number): string[] =>
      told(driver.board.take(transition(PLACE, state, ts), "hall-3", driver.nowMs));
    expect(take("active", START_MS + 500)).toHaveLength(1);
    expect(take("cleared", START_MS + 200)).toHaveLength(1);
    expect(take("active", START_MS + 100)).toHaveLength(1);
    expect(driver.board.states()).toMatchObject([{ isActive: true, activeSince: START_MS + 100 }]);
  });
});

describe("the list", () => {
  test("begins with what is urgent and not taken on, and ends with what was put aside", () => {
    const driver = new BoardDriver();
    driver.raise("a/t/limit-h", "critical");
    driver.raise("b/t/limit-h", "medium");
    driver.raise("c/t/limit-h", "high");
    driver.raise("d/t/limit-h", "critical");
    driver.operate("acknowledge", "a/t/limit-h");
    driver.operate("shelve", "d/t/limit-h");
    const devices = driver.board.states().map(({ raised }) => raised.device);
    expect(devices).toEqual(["c", "b", "a", "d"]);
  });

  test("forgets what has been normal for a quarter of an hour", () => {
    const driver = new BoardDriver();
    driver.raise("a/t/anomaly", "low");
    driver.clear("a/t/anomaly");
    expect(driver.board.states()).toEqual([]);
    driver.nowMs += 15 * 60_000;
    expect(driver.board.tick(driver.nowMs).write.forgotten).toEqual(["a/t/anomaly"]);
  });

  test("holds ten thousand alarms, and lets go of what matters least", () => {
    const driver = new BoardDriver();
    driver.raise("first/t/limit-h");
    driver.clear("first/t/limit-h");
    for (let number = 0; number < 10_000; number++) driver.raise(`d${number}/t/limit-h`, "high");
    const states = driver.board.states();
    expect(states.length).toBeLessThanOrEqual(10_000);
    expect(states.length).toBeGreaterThan(9800);
    expect(states.some(({ raised }) => raised.device === "first")).toBe(false);
    expect(states.some(({ raised }) => raised.device === "d9999")).toBe(true);
    expect(driver.board.takenOff).toBe(10_001 - states.length);
  });
});

test("what was quiet because of an alarm that had to make room is told", () => {
  const driver = new BoardDriver();
  driver.raise("meter-1/(device)/silent", "low");
  driver.raise("meter-1/power/stale", "critical");
  for (let number = 0; number < 10_000; number++) driver.raise(`d${number}/t/limit-h`, "high");
  const stale = driver.board.states().find(({ key }) => key === "meter-1/power/stale");
  expect(stale).toMatchObject({ isActive: true, suppressedBy: undefined, isNotified: true });
});

test("names with slashes give keys of their own", () => {
  const keys = [
    stateKey("", { device: "a/b", tag: "c", rule: "r" }),
    stateKey("", { device: "a", tag: "b/c", rule: "r" }),
    stateKey("a", { device: "b", tag: "c", rule: "r" }),
    stateKey("", { device: "a%2Fb", tag: "c", rule: "r" }),
  ];
  expect(keys).toEqual(["a%2Fb/c/r", "a/b%2Fc/r", "a/b/c/r", "a%252Fb/c/r"]);
});

test("what was kept and not told is told by the first tick, in order", () => {
  const first = new AlarmBoard(POLICY, NOTHING_KEPT, FACTS);
  const raise = transition("oven-2/temperature/limit-h", "active", START_MS);
  const [state] = first.take(raise, "", START_MS).write.states ?? [];
  const kept = alarmState.parse({ ...state, isNotified: false, notified: undefined });
  const next = new AlarmBoard(POLICY, { ...NOTHING_KEPT, states: [kept] }, FACTS);
  expect(next.dueAt).toBe(0);
  const ids = next.tick(START_MS + 5000).notices.map(({ id }) => id);
  expect(ids).toEqual([`raised/${raise.id}`]);
});
