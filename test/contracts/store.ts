/** What every store must do. An implementation's test calls `storeContract` with its own factory. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Delivery, Store } from "#cloud/store/contract.ts";
import type { ChunkContent, ChunkId } from "#core/chunk.ts";
import { encodeChunk } from "#core/chunk-codec.ts";
import { systemClock } from "#core/clock.ts";
import {
  batch,
  block,
  chunkId,
  commit,
  event,
  MINUTE,
  own,
  poison,
  readings,
  rowsText,
  scope,
} from "./store-fixtures.ts";

export interface StoreUnderTest {
  store: Store;
  /** Stops as a crash would, or at least without folding, and opens the same data again. */
  crash(): Promise<Store>;
  remove(): Promise<void>;
}

function first(): Delivery {
  return event(0, [{ id: chunkId(0), content: readings(block([1.5, -2, 4])) }]);
}

function at(sequenceNumber: number, seq: number): Delivery {
  return event(sequenceNumber, [{ id: chunkId(seq), content: readings(block([seq])) }]);
}

function of(epoch: string, seq: number): { id: ChunkId; content: ChunkContent } {
  return { id: chunkId(seq, { epoch }), content: readings(block([1])) };
}

export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
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

    test("shows readings as soon as they are accepted, and the same after the fold", async () => {
      await commit(store, [first()]);
      const before = await rowsText(store);
      const row: unknown = JSON.parse(before);
      expect(row).toMatchObject({
        gateway: "hall-3",
        device: "oven-2",
        tag: "temperature",
        width: "1m",
        start: MINUTE,
        count: 3,
        bad: 0,
        sum: 3.5,
        exactSum: [3.5],
        min: -2,
        max: 4,
        first: 1.5,
        last: 4,
        firstTs: MINUTE,
        lastTs: MINUTE + 2000,
      });
      await store.fold();
      expect(await rowsText(store)).toBe(before);
      expect(await store.state()).toMatchObject({ journalEvents: 0, openRows: 0 });
    });

    test("derives five-minute and hourly rows, folded or not", async () => {
      await commit(store, [
        event(0, [{ id: chunkId(0), content: readings(block([1, 2], MINUTE + 59_000)) }]),
      ]);
      for (const width of ["5m", "1h"] as const) {
        const row: unknown = JSON.parse(await rowsText(store, { width }));
        expect(row).toMatchObject({ width, start: MINUTE, count: 2, sum: 3 });
      }
      const before = await rowsText(store, { width: "1h" });
      await store.fold();
      expect(await rowsText(store, { width: "1h" })).toBe(before);
      expect((await rowsText(store)).split("\n")).toHaveLength(2);
    });

    test("merges what comes after the fold into the rows", async () => {
      await commit(store, [first()]);
      await store.fold();
      await commit(store, [event(1, [{ id: chunkId(1), content: readings(block([10])) }])]);
      const open = await rowsText(store);
      await store.fold();
      expect(await rowsText(store)).toBe(open);
      expect(JSON.parse(open)).toMatchObject({ count: 4, sum: 13.5, max: 10 });
    });

    test("counts a chunk once, also when a re-send is cut differently", async () => {
      const chunks = [0, 1, 2].map((seq) => ({
        id: chunkId(seq),
        content: readings(block([seq])),
      }));
      await commit(store, [event(0, chunks.slice(0, 2))]);
      const again = await commit(store, [event(1, chunks)]);
      expect(again.accepted.map((chunk) => chunk.id.seq)).toEqual([2]);
      expect(again.duplicateChunks).toBe(2);
      expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 3, sum: 3 });
      store = await under.crash();
      expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 3, sum: 3 });
      expect((await store.state()).totals).toMatchObject({
        chunks: 3,
        duplicateChunks: 2,
        readings: 3,
      });
    });

    test("counts a chunk once when two copies come in one group, by two partitions", async () => {
      await own(store, "1");
      const outcomes = await store.accept([batch([first()]), batch([first()], { partition: "1" })]);
      expect(outcomes).toMatchObject([{ duplicateChunks: 0 }, { duplicateChunks: 1 }]);
      expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 3 });
    });

    test("keeps everything over a crash before the fold", async () => {
      await commit(store, [first()]);
      const before = await rowsText(store);
      store = await under.crash();
      expect(await rowsText(store)).toBe(before);
      expect(await store.positions(scope)).toEqual([
        { partition: "0", sequenceNumber: 0, offset: "o0" },
      ]);
      await own(store);
      expect(await commit(store, [first()])).toMatchObject({ accepted: [], duplicateChunks: 1 });
    });

    test("refuses a batch of who does not own the partition, and takes the others", async () => {
      await own(store, "1", "sink-1");
      await own(store, "0", "sink-2");
      const other = event(5, [{ id: chunkId(7), content: readings(block([1])) }]);
      const outcomes = await store.accept([batch([first()]), batch([other], { partition: "1" })]);
      expect(outcomes).toMatchObject([
        { kind: "fenced", owner: "sink-2" },
        { kind: "committed", duplicateChunks: 0 },
      ]);
      expect(await store.positions(scope)).toHaveLength(1);
      expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 1 });
    });

    test("gives a partition to who saw its last owner, and to nobody else", async () => {
      const [seen] = await store.ownerships(scope);
      const claim = { partition: "0", etag: seen?.etag };
      expect(await store.claim(scope, [{ ...claim, owner: "sink-2" }])).toHaveLength(1);
      expect(await store.claim(scope, [{ ...claim, owner: "sink-3" }])).toHaveLength(0);
      expect(await store.ownerships(scope)).toMatchObject([{ partition: "0", owner: "sink-2" }]);
    });

    test("keeps the positions of a hub made anew apart from the old ones", async () => {
      await commit(store, [first()]);
      const anew = { ...scope, incarnation: 2 };
      expect(await store.positions(anew)).toEqual([]);
      await own(store, "0", "sink-1", anew);
      await commit(store, [first()], { scope: anew });
      expect(await store.positions(anew)).toHaveLength(1);
      expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 3 });
    });

    test("never moves a position back", async () => {
      await commit(store, [event(9, [{ id: chunkId(9), content: readings(block([1])) }])]);
      await commit(store, [first()]);
      expect(await store.positions(scope)).toMatchObject([{ sequenceNumber: 9 }]);
    });

    test("takes no batch whose forerunners are not committed", async () => {
      const later = event(5, [{ id: chunkId(5), content: readings(block([5])) }]);
      const refused = await store.accept([batch([later], { after: 4 })]);
      expect(refused).toEqual([{ kind: "behind", committed: undefined }]);
      await commit(store, [first()], { after: undefined });
      expect(await store.accept([batch([later], { after: 4 })])).toEqual([
        { kind: "behind", committed: 0 },
      ]);
      expect(await store.positions(scope)).toMatchObject([{ sequenceNumber: 0 }]);
      expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 3 });
      const outcomes = await store.accept([
        batch([at(1, 1), at(2, 2)], { after: 0 }),
        batch([at(3, 3)], { after: 2 }),
      ]);
      expect(outcomes).toMatchObject([{ kind: "committed" }, { kind: "committed" }]);
      expect(await store.positions(scope)).toMatchObject([{ sequenceNumber: 3 }]);
    });

    test("puts poison aside once, and goes on", async () => {
      const bad = poison(0, Buffer.from("<script>"));
      expect(await commit(store, [bad])).toMatchObject({ deadLettered: 1 });
      expect(await commit(store, [bad])).toMatchObject({ deadLettered: 0 });
      expect(await store.deadLetters(10)).toMatchObject([
        { partition: "0", code: "CHUNK_MALFORMED", reason: "not gzip", bytes: 8 },
      ]);
      expect(await store.positions(scope)).toMatchObject([{ sequenceNumber: 0 }]);
    });

    test("takes in a dead letter that can be read by now, once", async () => {
      await commit(store, [at(0, 0), poison(1, Buffer.from("a")), poison(2, Buffer.from("b"))]);
      const parked = await store.parked({}, 0, 10);
      expect(parked.map(({ body }) => Buffer.from(body).toString())).toEqual(["a", "b"]);
      const [one, two] = parked;
      if (!one || !two) throw new TypeError("no dead letters");
      // As if the program had learnt to read their bodies.
      const [late, copy] = [at(1, 1), at(2, 0)];
      const events = [
        { parked: { ...one, body: late.body }, content: late.content },
        { parked: { ...two, body: copy.body }, content: copy.content },
      ];
      expect(await store.revive(events)).toEqual([
        { id: one.id, accepted: 1, duplicateChunks: 0, isGone: true },
        { id: two.id, accepted: 0, duplicateChunks: 1, isGone: true },
      ]);
      expect(await store.deadLetters(10)).toEqual([]);
      expect(await store.positions(scope)).toMatchObject([{ sequenceNumber: 2 }]);
      const open = await rowsText(store);
      expect(JSON.parse(open)).toMatchObject({ count: 2, sum: 1 });
      store = await under.crash();
      expect(await rowsText(store)).toBe(open);
    });

    test("leaves a dead letter where it is while it contradicts what was accepted", async () => {
      await commit(store, [first()]);
      const other = event(1, [{ id: chunkId(0), content: readings(block([99])) }]);
      await commit(store, [other, poison(2, Buffer.from("c"))]);
      const [letter] = await store.parked({ code: "CHUNK_DIFFERS" }, 0, 10);
      if (!letter) throw new TypeError("no dead letter");
      const outcomes = await store.revive([{ parked: letter, content: other.content }]);
      expect(outcomes).toMatchObject([{ accepted: 0, isGone: false }]);
      expect(await store.parked({ id: letter.id }, 0, 10)).toHaveLength(1);
      expect(await store.parked({ id: letter.id, code: "CHUNK_MALFORMED" }, 0, 10)).toEqual([]);
      expect(await store.parked({}, letter.id, 10)).toHaveLength(1);
      expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 3, max: 4 });
    });

    test("keeps the first data, and raises an alarm, when an identity comes with other data", async () => {
      await commit(store, [first()]);
      const other = event(1, [{ id: chunkId(0), content: readings(block([99])) }]);
      expect(await commit(store, [other])).toMatchObject({ deadLettered: 1, duplicateChunks: 1 });
      expect(await commit(store, [other])).toMatchObject({ deadLettered: 0, alarms: [] });
      expect(await store.deadLetters(10)).toMatchObject([{ code: "CHUNK_DIFFERS" }]);
      expect(await store.alarms(10)).toMatchObject([{ rule: "copy-differs", gateway: "hall-3" }]);
      expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 3, max: 4 });
    });

    test("recognises other data also after the fold and a crash", async () => {
      await commit(store, [first()]);
      await store.fold();
      store = await under.crash();
      await own(store);
      const other = event(1, [{ id: chunkId(0), content: readings(block([99])) }]);
      expect(await commit(store, [other])).toMatchObject({ deadLettered: 1 });
    });

    test("raises an alarm when an older epoch of a lane lives on beside a newer one", async () => {
      await commit(store, [event(0, [of("old", 0)]), event(1, [of("new", 0)])]);
      expect(await store.alarms(10)).toEqual([]);
      await commit(store, [event(2, [of("old", 1)])]);
      expect(await store.alarms(10)).toMatchObject([{ rule: "two-epochs" }]);
      expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 3 });
    });

    test("fills the registry and the alarm list from the stream, once", async () => {
      const transition = {
        id: "a1",
        device: "oven-2",
        tag: "temperature",
        rule: "limit-h",
        state: "active" as const,
        priority: "high" as const,
        ts: MINUTE,
        value: 245,
        expected: 240,
        message: "too hot",
      };
      const described = { device: "oven-2", tag: "temperature", unit: "°C" };
      await commit(store, [
        event(0, [
          { id: chunkId(0), content: { kind: "meta", series: [described] } },
          { id: chunkId(1), content: { kind: "alarm", transitions: [transition] } },
        ]),
      ]);
      const twice = await commit(store, [
        event(1, [{ id: chunkId(2), content: { kind: "alarm", transitions: [transition] } }]),
      ]);
      expect(twice.alarms).toEqual([]);
      expect(await store.devices()).toEqual([{ gateway: "hall-3", ...described }]);
      expect(await store.alarms(10)).toMatchObject([{ id: "a1", gateway: "hall-3", value: 245 }]);
    });

    test("counts a backlog, but lets it move no watermark and keep no lane awake", async () => {
      const nowMs = systemClock.now();
      const sent = (place: number, seq: number, lane: number, ts: number): Delivery => ({
        ...event(place, [{ id: chunkId(seq, { lane }), content: readings(block([1], ts)) }]),
        enqueuedAtMs: nowMs,
      });
      await commit(store, [sent(1, 5, 0, nowMs - 10_000)]);
      const expected = [{ gateway: "hall-3", watermarkMs: nowMs - 10_000 }];
      expect((await store.state()).watermarks).toEqual(expected);
      await commit(store, [
        { ...sent(2, 0, 0, nowMs - 5000), isBacklog: true },
        { ...sent(3, 0, 1, nowMs - 60_000), isBacklog: true },
      ]);
      expect((await store.state()).watermarks).toEqual(expected);
      expect((await store.state()).totals.readings).toBe(3);
    });

    test("tells holes, unless a gap record explains them; a late chunk beats its gap", async () => {
      await commit(store, [at(0, 0), at(1, 5)]);
      expect(await store.gaps()).toMatchObject([{ fromSeq: 1, toSeq: 4 }]);
      const gap = { fromSeq: 2, toSeq: 4, readings: 3, reason: "buffer full" };
      await commit(store, [event(2, [{ id: chunkId(6), content: { kind: "gap", gaps: [gap] } }])]);
      expect(await store.gaps()).toMatchObject([{ fromSeq: 1, toSeq: 1 }]);
      expect(await store.explainedGaps(5)).toMatchObject([{ readings: 3, reason: "buffer full" }]);
      expect(await commit(store, [at(3, 3)])).toMatchObject({ duplicateChunks: 0 });
      store = await under.crash();
      expect(await store.gaps()).toMatchObject([{ fromSeq: 1, toSeq: 1 }]);
    });

    test("lets a buffer explain what the one before it lost", async () => {
      await commit(store, [at(0, 0), at(1, 3)]);
      const gap = { epoch: "e1", fromSeq: 1, toSeq: 2, readings: 2, reason: "buffer full" };
      const id = chunkId(0, { epoch: "e2" });
      await commit(store, [event(2, [{ id, content: { kind: "gap", gaps: [gap] } }])]);
      expect(await store.gaps()).toEqual([]);
      expect(await store.explainedGaps(5)).toMatchObject([{ epoch: "e1", readings: 2 }]);
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
