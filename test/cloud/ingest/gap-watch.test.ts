import { describe, expect, test } from "vitest";
import { GapWatch } from "#cloud/ingest/gap-watch.ts";
import type { Delivery } from "#cloud/store/contract.ts";

const hole = { gateway: "hall-3", epoch: "e1", lane: 0, fromSeq: 3, toSeq: 9 };

/** An event that begins with chunk `seq`. */
function event(seq: number, marks: { epoch?: string; owedFrom?: number } = {}): Delivery {
  const { epoch = "e1", ...rest } = marks;
  const id = { gateway: "hall-3", epoch, lane: 0, seq };
  return {
    position: { sequenceNumber: 0, offset: "0" },
    enqueuedAtMs: 0,
    body: Buffer.alloc(0),
    content: { kind: "chunks", chunks: [{ id, digest: 0, content: { kind: "gap", gaps: [] } }] },
    ...rest,
  };
}

describe("the watch over gaps", () => {
  test("reports a hole that stands still for a minute, once", () => {
    const watch = new GapWatch();
    watch.hear(event(10), 0);
    expect(watch.look([hole], 0)).toEqual([]);
    expect(watch.look([hole], 59_000)).toEqual([]);
    expect(watch.lost()).toEqual([]);
    expect(watch.look([hole], 60_000)).toEqual([hole]);
    expect(watch.look([hole], 65_000)).toEqual([]);
    expect(watch.lost()).toEqual([hole]);
  });

  test("leaves a hole alone while it is being filled, and forgets one that is gone", () => {
    const watch = new GapWatch();
    watch.hear(event(10), 0);
    watch.look([hole], 0);
    const filling = { ...hole, fromSeq: 5 };
    expect(watch.look([filling], 60_000)).toEqual([]);
    expect(watch.look([], 90_000)).toEqual([]);
    expect(watch.look([filling], 120_000)).toEqual([]);
    expect(watch.lost()).toEqual([]);
  });

  test("is quiet about what its sender still owes, for hours, and speaks when it no longer does", () => {
    const watch = new GapWatch();
    for (let nowMs = 0; nowMs <= 7_200_000; nowMs += 5000) {
      watch.hear(event(100 + nowMs, { owedFrom: 3 }), nowMs);
      expect(watch.look([hole], nowMs)).toEqual([]);
    }
    watch.hear(event(9_000_000, { owedFrom: 10 }), 7_205_000);
    expect(watch.look([hole], 7_205_000)).toEqual([]);
    expect(watch.look([hole], 7_265_000)).toEqual([hole]);
  });

  test("waits for the second of two holes while the first is filled by a backlog in order", () => {
    const watch = new GapWatch();
    const second = { ...hole, fromSeq: 20, toSeq: 29 };
    for (let minute = 0; minute < 5; minute++) {
      watch.hear(event(1000 + minute, { owedFrom: 3 + minute }), minute * 60_000);
      const first = { ...hole, fromSeq: 3 + minute };
      expect(watch.look([first, second], minute * 60_000)).toEqual([]);
    }
  });

  test("does not accuse a gateway that is silent", () => {
    const watch = new GapWatch();
    watch.look([hole], 0);
    expect(watch.look([hole], 86_400_000)).toEqual([]);
  });

  test("gives an epoch up when its gateway has begun another, and the old one is silent", () => {
    const watch = new GapWatch();
    watch.hear(event(10, { owedFrom: 3 }), 0);
    watch.hear(event(0, { epoch: "e2" }), 0);
    expect(watch.look([hole], 30_000)).toEqual([]);
    expect(watch.look([hole], 60_000)).toEqual([]);
    expect(watch.look([hole], 120_000)).toEqual([hole]);
  });
});
