/** Of the contract of stores: values, names and queries. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "#cloud/store/contract.ts";
import { encodeChunk } from "#core/chunk-codec.ts";
import {
  block,
  chunkId,
  commit,
  event,
  MINUTE,
  own,
  readings,
  rowsText,
  type StoreUnderTest,
  TIMEOUT_MS,
} from "./store-fixtures.ts";

export function storeValues(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name}, values and queries`, { timeout: TIMEOUT_MS }, () => {
    let under: StoreUnderTest;
    let store: Store;

    beforeEach(async () => {
      under = await make();
      store = under.store;
      await own(store);
    });

    afterEach(async () => {
      await under.remove();
    });

    test("keeps bad, boolean and text readings, and signed zeros, apart", async () => {
      const mixed = {
        device: "pump",
        tags: ["flow", "on", "state"],
        ts: [MINUTE, MINUTE + 1, MINUTE + 2],
        columns: [
          [0, -0, 3],
          [true, false, false],
          ["idle", "run", null],
        ],
        marks: [
          { column: 0, row: 2, quality: "bad" as const, reason: "timeout" },
          { column: 2, row: 2, quality: "bad" as const, reason: "timeout" },
        ],
      };
      const chunk = { id: chunkId(0), content: readings(mixed) };
      expect(encodeChunk(chunk).toString()).toContain("-0");
      await commit(store, [event(0, [chunk])]);
      const open = await rowsText(store);
      const [flow, on, state] = open.split("\n").map((line) => JSON.parse(line) as unknown);
      expect(flow).toMatchObject({ count: 2, bad: 1, min: -0, max: 0, last: -0, sum: 0 });
      expect(on).toMatchObject({ count: 3, sum: null, min: null, first: true, last: false });
      expect(state).toMatchObject({ count: 2, bad: 1, first: "idle", last: "run" });
      await store.fold();
      expect(await rowsText(store)).toBe(open);
      expect((await store.state()).totals).toMatchObject({ readings: 7, bad: 2 });
    });

    test("takes any text for a name, a value or a message, and nothing of it for a command", async () => {
      const hostile = [
        "'; DROP TABLE rollup; --",
        '"},{"',
        "{NULL,\\N}",
        "<script>alert(1)</script>",
        "$1 %s \\ \\' `",
        "a\nb\tc\r",
        "NULL",
        "",
        "печь 🏭",
      ];
      const blocks = hostile.map((text) => block([text], MINUTE, `d${text}`, `t${text}`));
      const gateway = hostile.join();
      const id = chunkId(0, { gateway, epoch: gateway });
      const series = hostile.map((text) => ({ device: `d${text}`, tag: `t${text}`, unit: text }));
      const gap = { readings: 1, reason: gateway };
      await commit(store, [
        event(0, [{ id, content: readings(...blocks) }]),
        event(1, [{ id: { ...id, seq: 1 }, content: { kind: "meta", series } }]),
        event(2, [{ id: { ...id, seq: 2 }, content: { kind: "gap", gaps: [gap] } }]),
      ]);
      const open = await rowsText(store, { gateway });
      await store.fold();
      expect(await rowsText(store, { gateway })).toBe(open);
      store = await under.crash();
      expect(await rowsText(store, { gateway })).toBe(open);
      const rows = open
        .split("\n")
        .map((line): { device: string; first: unknown } => JSON.parse(line));
      const values = new Map(rows.map(({ device, first: value }) => [device, value]));
      expect(values).toEqual(new Map(hostile.map((text) => [`d${text}`, text])));
      const units = new Set((await store.devices()).map(({ unit }) => unit));
      expect(units).toEqual(new Set(hostile));
      expect(await store.explainedGaps(1)).toMatchObject([{ gateway, reason: gateway }]);
    });

    test("keeps values that are no proper text, and numbers at the ends of their range", async () => {
      const values = ["\0", "\ud800", 5e-324, -(2 ** 970), 2 ** 970, 1.7976931348623157e308];
      const blocks = values.map((value, place) => block([value, value], MINUTE, `d${place}`));
      await commit(store, [event(0, [{ id: chunkId(0), content: readings(...blocks) }])]);
      const open = await rowsText(store);
      await store.fold();
      expect(await rowsText(store)).toBe(open);
      const rows = open.split("\n").map((line): unknown => JSON.parse(line));
      expect(rows).toMatchObject([
        { first: "\0" },
        { last: "\ud800" },
        { sum: 1e-323 },
        { sum: -(2 ** 971) },
        { max: 2 ** 970 },
        { count: 0, bad: 2 },
      ]);
    });

    test("answers by gateway, device, tag and time", async () => {
      await commit(store, [
        event(0, [
          {
            id: chunkId(0),
            content: readings(
              block([1, 2], MINUTE),
              block([3], MINUTE + 60_000),
              block([4], MINUTE, "oven-2", "pressure"),
              block([5], MINUTE, "oven-1"),
            ),
          },
        ]),
        event(1, [{ id: chunkId(0, { gateway: "hall-4" }), content: readings(block([6])) }]),
      ]);
      const count = async (query: Parameters<typeof rowsText>[1]) =>
        (await rowsText(store, query)).split("\n").filter((line) => line !== "").length;
      for (const folded of [false, true]) {
        if (folded) await store.fold();
        expect(await count({})).toBe(5);
        expect(await count({ gateway: "hall-4" })).toBe(1);
        expect(await count({ device: "oven-2" })).toBe(4);
        expect(await count({ gateway: "hall-3", device: "oven-2", tag: "temperature" })).toBe(2);
        expect(await count({ fromMs: MINUTE + 60_000 })).toBe(1);
        expect(await count({ toMs: MINUTE + 60_000 })).toBe(4);
        expect(await count({ gateway: "nowhere" })).toBe(0);
      }
    });
  });
}
