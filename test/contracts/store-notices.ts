/** Of the contract of stores: dead letters, alarms, the registry, gaps. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Delivery, Store } from "#cloud/store/contract.ts";
import type { ChunkContent, ChunkId } from "#core/chunk.ts";
import { systemClock } from "#core/clock.ts";
import {
  at,
  block,
  chunkId,
  commit,
  event,
  first,
  MINUTE,
  own,
  poison,
  readings,
  rowsText,
  type StoreUnderTest,
  scope,
  TIMEOUT_MS,
} from "./store-fixtures.ts";

function of(epoch: string, seq: number): { id: ChunkId; content: ChunkContent } {
  return { id: chunkId(seq, { epoch }), content: readings(block([1])) };
}

export function storeNotices(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name}, what people are told`, { timeout: TIMEOUT_MS }, () => {
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
  });
}
