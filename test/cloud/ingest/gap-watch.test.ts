import { describe, expect, test } from "vitest";
import { GapWatch } from "#cloud/ingest/gap-watch.ts";

const hole = { gateway: "hall-3", epoch: "e1", lane: 0, fromSeq: 3, toSeq: 9 };

describe("the watch over gaps", () => {
  test("reports a hole that stands still for a minute, once", () => {
    const watch = new GapWatch();
    expect(watch.look([hole], 0)).toEqual([]);
    expect(watch.look([hole], 59_000)).toEqual([]);
    expect(watch.lost()).toEqual([]);
    expect(watch.look([hole], 60_000)).toEqual([hole]);
    expect(watch.look([hole], 65_000)).toEqual([]);
    expect(watch.lost()).toEqual([hole]);
  });

  test("leaves a hole alone while it is being filled, and forgets one that is gone", () => {
    const watch = new GapWatch();
    watch.look([hole], 0);
    const filling = { ...hole, fromSeq: 5 };
    expect(watch.look([filling], 60_000)).toEqual([]);
    expect(watch.look([], 90_000)).toEqual([]);
    expect(watch.look([filling], 120_000)).toEqual([]);
    expect(watch.lost()).toEqual([]);
  });
});
