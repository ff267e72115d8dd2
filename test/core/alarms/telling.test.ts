/** Who is told what and when: groups, floods, chatter, reminders, and what holds notices back. */
import { describe, expect, test } from "vitest";
import { BoardDriver, sentence } from "./board-driver.ts";
import { FACTS, journaled, START_MS, told } from "./sample.ts";

const OVEN = "oven-2/temperature/limit-h";
const TOLD = `raised: ${sentence("oven-2", "temperature")}`;
const OVER = `cleared: Over: ${sentence("oven-2", "temperature")}`;

describe("a limit alarm", () => {
  test("is told at once, with all that a person needs to act", () => {
    const driver = new BoardDriver();
    const { notices } = driver.raise("oven-2/temperature/limit-hh", "critical");
    expect(notices).toEqual([
      {
        id: `raised/oven-2/temperature/limit-hh/active/${START_MS + 1}`,
        key: "oven-2/temperature/limit-hh",
        kind: "raised",
        at: START_MS + 1,
        priority: "critical",
        title: sentence("oven-2", "temperature"),
        gateway: "hall-3",
        site: "north",
        device: "oven-2",
        tag: "temperature",
        rule: "limit-hh",
        unit: "°C",
        value: 241,
        expected: 240,
        message: sentence("oven-2", "temperature"),
        since: START_MS + 1,
        related: FACTS.relatedTo("", "oven-2", "temperature"),
        action: "Turn the burner off.",
        runbook: "https://wiki/ovens",
        acknowledge: "penstock alarm ack oven-2/temperature/limit-hh",
      },
    ]);
  });

  test("ends with a notice only where one of its beginning went out", () => {
    const driver = new BoardDriver();
    expect(told(driver.raise(OVEN))).toEqual([TOLD]);
    expect(told(driver.clear(OVEN))).toEqual([OVER]);
    driver.beginMaintenance(["oven-*"], 60_000);
    expect(told(driver.raise(OVEN))).toEqual([]);
    expect(told(driver.clear(OVEN))).toEqual([]);
  });

  test("is not told again when its detector was started anew", () => {
    const driver = new BoardDriver();
    driver.raise(OVEN);
    const again = driver.raise(OVEN);
    expect(told(again)).toEqual([]);
    expect(again.write.journal).toMatchObject([{ kind: "raised", note: "it was active already" }]);
    expect(driver.restarted().pass(60_000)).toEqual([]);
  });

  test("is told by its higher one alone while that is active", () => {
    const driver = new BoardDriver();
    expect(told(driver.raise("oven-2/temperature/limit-hh", "high"))).toHaveLength(1);
    expect(told(driver.raise(OVEN))).toEqual([]);
    expect(told(driver.clear("oven-2/temperature/limit-hh"))).toEqual([OVER, TOLD]);
    expect(told(driver.clear(OVEN))).toEqual([OVER]);
  });

  test("says who has acknowledged it, to all who were told", () => {
    const driver = new BoardDriver();
    driver.raise(OVEN);
    const effects = driver.operate("acknowledge", OVEN);
    expect(told(effects)).toEqual([
      `acknowledged: Acknowledged by eva: ${sentence("oven-2", "temperature")}`,
    ]);
    expect(effects.write.journal).toMatchObject([{ by: "eva", note: "on my way" }]);
    expect(told(driver.operate("acknowledge", OVEN))).toEqual([]);
  });
});

describe("what is held back", () => {
  test.each([
    ["shelved", "shelve", "unshelve"],
    ["out of service", "out-of-service", "in-service"],
  ] as const)("is told when it is no longer %s and still stands", (_state, begin, end) => {
    const driver = new BoardDriver();
    driver.raise(OVEN);
    driver.operate(begin, OVEN);
    expect(told(driver.clear(OVEN))).toEqual([OVER]);
    expect(told(driver.raise(OVEN))).toEqual([]);
    expect(told(driver.operate(end, OVEN))).toEqual([TOLD]);
  });

  test("is brought to mind when the time of its shelving is over", () => {
    const driver = new BoardDriver();
    driver.raise(OVEN);
    driver.operate("shelve", OVEN);
    expect(driver.pass(59_999)).toEqual([]);
    expect(driver.pass(1)).toEqual([
      `reminder: Still unacknowledged: ${sentence("oven-2", "temperature")}`,
    ]);
    expect(driver.board.states()[0]?.shelved).toBeUndefined();
  });

  test("is told when the maintenance is over, with who and why in the journal", () => {
    const driver = new BoardDriver();
    const begun = driver.beginMaintenance(["oven-*"], 60_000);
    expect(begun.write.journal).toMatchObject([
      { kind: "maintenance-begun", key: "m1", by: "eva", note: "oven-*: new burner" },
    ]);
    expect(told(driver.raise(OVEN, "critical"))).toEqual([]);
    expect(told(driver.raise("meter-1/power/limit-h"))).toHaveLength(1);
    expect(driver.board.isMaintained("", "oven-2", driver.nowMs)).toBe(true);
    expect(driver.pass(60_000)).toEqual([TOLD]);
    expect(driver.board.maintenance()).toEqual([]);
  });

  test("stays told when maintenance of everything begins, where it is the gateway's own", () => {
    const driver = new BoardDriver();
    driver.beginMaintenance(["*"], 60_000);
    expect(told(driver.raise(OVEN))).toEqual([]);
    expect(told(driver.raise("(L1) pump/power/limit-h"))).toEqual([]);
    expect(told(driver.raise("(gateway)/(buffer)/buffer-full", "high"))).toHaveLength(1);
  });
});

describe("alarms of one kind", () => {
  const meters = Array.from({ length: 7 }, (_, number) => `meter-${number}/(device)/silent`);

  test("that come together are told in one notice, and their end in one", () => {
    const driver = new BoardDriver();
    for (const meter of meters) expect(told(driver.raise(meter))).toEqual([]);
    expect(driver.pass(2000)).toEqual(["group: 7 devices silent on rs485-a: adapter gone?"]);
    const acknowledged = meters.map((meter) => told(driver.operate("acknowledge", meter)));
    expect(acknowledged.flat()).toEqual(["acknowledged: Acknowledged: several silent on rs485-a"]);
    const cleared = meters.map((meter) => told(driver.clear(meter)));
    expect(cleared.flat()).toEqual(["cleared: Over: several silent on rs485-a"]);
  });

  test("keep their common end over a restart", () => {
    const driver = new BoardDriver();
    for (const meter of meters) driver.raise(meter);
    driver.pass(2000);
    const after = driver.restarted();
    expect(after.pass(60_000)).toEqual([]);
    const cleared = meters.map((meter) => told(after.clear(meter)));
    expect(cleared.flat()).toEqual(["cleared: Over: several silent on rs485-a"]);
  });

  test("are told one by one where they come alone, and not at all when they end at once", () => {
    const driver = new BoardDriver();
    driver.raise("meter-1/(device)/silent");
    expect(driver.pass(2000)).toEqual([`raised: ${sentence("meter-1", "(device)")}`]);
    driver.raise("meter-2/(device)/silent");
    driver.clear("meter-2/(device)/silent");
    expect(driver.pass(60_000)).toEqual([]);
  });

  test("of one device are told as that device's tags", () => {
    const driver = new BoardDriver();
    for (const tag of ["power", "energy"]) driver.raise(`meter-1/${tag}/stale`);
    expect(driver.pass(2000)).toEqual(["group: 2 tags stale of meter-1"]);
  });

  test("do not wait when they are critical", () => {
    expect(told(new BoardDriver().raise("meter-1/power/stale", "critical"))).toHaveLength(1);
  });
});

describe("chatter", () => {
  const chatter = { raises: 3, windowMs: 60_000, calmMs: 30_000 };

  test("is told once, and its end when it has been calm for a while", () => {
    const driver = new BoardDriver({ chatter });
    const said: string[] = [];
    for (let round = 0; round < 10; round++) {
      said.push(...told(driver.raise(OVEN)), ...told(driver.clear(OVEN)));
    }
    const comesAndGoes =
      "raised: Comes and goes, and is told again when it has calmed down: " +
      sentence("oven-2", "temperature");
    expect(said).toEqual([TOLD, OVER, TOLD, OVER, comesAndGoes]);
    expect(driver.pass(29_000)).toEqual([]);
    expect(driver.pass(1000)).toEqual([OVER]);
    expect(driver.board.states()[0]).toMatchObject({ isChattering: false, raises: 10 });
  });

  test("does not push the rest out of the journal", () => {
    const driver = new BoardDriver({ chatter });
    const written: string[] = [];
    for (let round = 0; round < 1000; round++) {
      written.push(...journaled(driver.raise(OVEN)), ...journaled(driver.clear(OVEN)));
    }
    expect(written).toHaveLength(6);
    const calm = driver.board.tick(driver.nowMs + 30_000).write.journal;
    expect(calm).toMatchObject([{ kind: "calm", note: "it had come 997 times more" }]);
  });

  test("that ends standing is told as standing", () => {
    const driver = new BoardDriver({ chatter });
    for (let round = 0; round < 5; round++) {
      driver.raise(OVEN);
      driver.clear(OVEN);
    }
    driver.raise(OVEN);
    expect(driver.pass(30_000)).toEqual([TOLD]);
    expect(told(driver.clear(OVEN))).toEqual([OVER]);
  });
});

function place(number: number): string {
  return `oven-${number}/temperature/limit-h`;
}

function summary(more: number, first: number): string {
  return `flood: Flood of alarms: ${more} more, the first: ${sentence(`oven-${first}`, "temperature")}`;
}

describe("a flood", () => {
  const flood = { notices: 2, urgent: 3, windowMs: 60_000 };

  test("is told in a summary, while urgent alarms go on being told at once", () => {
    const driver = new BoardDriver({ flood });
    const said = [1, 2, 3, 4, 5].flatMap((number) => told(driver.raise(place(number))));
    expect(said).toHaveLength(2);
    expect(told(driver.raise(place(6), "high"))).toHaveLength(1);
    expect(driver.pass(60_000)).toEqual([summary(3, 3)]);
    const cleared = [3, 4, 5].flatMap((number) => told(driver.clear(place(number))));
    expect(cleared).toEqual(["cleared: Over: flood of alarms"]);
  });

  test("of urgent alarms is summed up, too, within seconds, and hides no critical one", () => {
    const driver = new BoardDriver({ flood });
    const said = [1, 2, 3, 4, 5].map((number) => told(driver.raise(place(number), "high")));
    expect(said.map(({ length }) => length)).toEqual([1, 1, 1, 0, 0]);
    expect(told(driver.raise(place(6), "critical"))).toHaveLength(1);
    expect(driver.pass(5000)).toEqual([summary(2, 4)]);
    driver.raise(place(7), "high");
    driver.raise(place(8), "high");
    expect(driver.pass(50_000)).toEqual([]);
    expect(driver.pass(10_000)).toEqual([summary(2, 7)]);
  });

  test("of alarms that come and go together is a flood as well, and tells of each", () => {
    const driver = new BoardDriver();
    const places = Array.from({ length: 100 }, (_, at) => place(at));
    const said: string[] = [];
    for (let round = 0; round < 6; round++) {
      for (const each of places) said.push(...told(driver.raise(each)));
      for (const each of places) said.push(...told(driver.clear(each)));
    }
    // Ten of their raises, and their ends.
    expect(said).toHaveLength(20);
    driver.nowMs += 30_000;
    const [notice, ...others] = driver.board.tick(driver.nowMs).notices;
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ kind: "flood", count: 100 });
  });

  test("of 1,500 urgent alarms at once is fifty notices and one that counts the rest", () => {
    const driver = new BoardDriver();
    const effects = Array.from({ length: 1500 }, (_, at) => driver.raise(place(at), "high"));
    expect(effects.flatMap(told)).toHaveLength(50);
    driver.nowMs += 5000;
    const [notice, ...others] = driver.board.tick(driver.nowMs).notices;
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ kind: "flood", priority: "high", count: 1450 });
    expect(driver.board.states().every(({ isNotified }) => isNotified)).toBe(true);
  });

  test("sums up no oftener than its window", () => {
    const driver = new BoardDriver({ flood: { notices: 1, urgent: 1, windowMs: 600_000 } });
    driver.raise(place(0));
    driver.raise(place(1));
    driver.raise(place(2));
    expect(driver.pass(30_000)).toHaveLength(1);
    driver.raise(place(3));
    driver.raise(place(4));
    expect(driver.pass(300_000)).toEqual([]);
    expect(driver.pass(300_000)).toHaveLength(1);
  });

  test("of what is only worth knowing does not use up what the others are allowed", () => {
    const driver = new BoardDriver({ flood });
    for (let number = 0; number < 9; number++) driver.raise(place(number), "low");
    expect(told(driver.raise(place(9)))).toHaveLength(1);
  });
});

test("a clock that was set back delays neither groups nor the end of chatter", () => {
  const chatter = { raises: 2, windowMs: 60_000, calmMs: 30_000 };
  const driver = new BoardDriver({ chatter });
  driver.raise("meter-1/power/stale");
  for (let round = 0; round < 3; round++) {
    driver.raise(OVEN);
    driver.clear(OVEN);
  }
  driver.nowMs -= 3_600_000;
  const effects = driver.board.tick(driver.nowMs);
  expect(told(effects)).toEqual([OVER, `raised: ${sentence("meter-1", "power")}`]);
  expect(journaled(effects)).toEqual([`calm ${OVEN}`]);
});
