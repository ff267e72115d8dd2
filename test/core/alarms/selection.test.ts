import { describe, expect, test } from "vitest";
import { AlarmBoard } from "#core/alarms/alarm-board.ts";
import type { AlarmEffects } from "#core/alarms/contract.ts";
import { selectAlarms } from "#core/alarms/selection.ts";
import { BoardDriver } from "./board-driver.ts";
import { FACTS, NOTHING_KEPT, POLICY, START_MS, transition } from "./sample.ts";

function selected(...selectors: string[]): string[] {
  const board = new AlarmBoard(POLICY, NOTHING_KEPT, FACTS);
  for (const device of ["oven", "ove*n", "ove-n", "ove?", "a"]) {
    board.take(transition(`${device}/t/stale`, "active", START_MS), "", START_MS);
  }
  const found = selectAlarms(board.states(), selectors, () => undefined);
  return found.map(({ key }) => key).toSorted();
}

describe("alarms are named", () => {
  test("by a pattern, also across the slashes", () => {
    expect(selected("ove*n")).toEqual(["ove*n/t/stale", "ove-n/t/stale", "oven/t/stale"]);
    expect(selected("*/stale")).toHaveLength(5);
  });

  test("in full, where a star or a question mark in the name is no pattern", () => {
    expect(selected("ove*n/t/stale")).toEqual(["ove*n/t/stale"]);
    expect(selected("ove?/t/stale")).toEqual(["ove?/t/stale"]);
    expect(selected("ove?/t/stale", "a")).toEqual(["a/t/stale", "ove?/t/stale"]);
  });
});

/** What a notice says behind the command that acknowledges it. */
function idIn({ notices }: AlarmEffects): string {
  return notices[0]?.acknowledge?.replace("penstock alarm ack ", "") ?? "";
}

function membersOf(driver: BoardDriver, id: string): string[] {
  const found = selectAlarms(driver.board.states(), [id], () => undefined);
  return found.map(({ key }) => key).toSorted();
}

describe("the id of a notice that tells of several", () => {
  test("names its members and nobody else, also those that are over", () => {
    const driver = new BoardDriver();
    const first = "meter-1/(device)/silent";
    const second = "meter-2/(device)/silent";
    const third = "meter-3/(device)/silent";
    driver.raise(first);
    driver.raise(second);
    driver.raise(third);
    driver.nowMs += 2000;
    const id = idIn(driver.board.tick(driver.nowMs));
    expect(id).toMatch(/^group-[0-9a-f]{12}$/);
    // Of the same rule and bus, but not what the notice told of.
    driver.raise("meter-4/(device)/silent");
    driver.raise("oven-2/(device)/silent");
    driver.nowMs += 2000;
    driver.board.tick(driver.nowMs);
    driver.clear(first);
    // It comes again, and is told again.
    driver.clear(second);
    driver.raise(second);
    expect(membersOf(driver, id)).toEqual([first, third]);
    driver.operate("acknowledge", first, third);
    expect(driver.board.states().map(({ key, isAcknowledged }) => [key, isAcknowledged])).toEqual(
      expect.arrayContaining([
        ["meter-4/(device)/silent", false],
        [second, false],
        [third, true],
      ]),
    );
    driver.clear(third);
    expect(() => membersOf(driver, id)).toThrow(`no alarm is left of ${id}`);
  });

  test("names what a flood's summary told of, and not what was told before it", () => {
    const driver = new BoardDriver();
    const places = Array.from({ length: 13 }, (_, at) => `oven-${at}/t/limit-h`);
    for (const place of places) driver.raise(place);
    driver.nowMs += 30_000;
    const id = idIn(driver.board.tick(driver.nowMs));
    expect(id).toMatch(/^flood-[0-9a-f]{12}$/);
    expect(membersOf(driver, id)).toEqual(places.slice(10).toSorted());
  });
});
