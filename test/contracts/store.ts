/** What every store must do. An implementation's test calls `storeContract` with its own factory. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "#cloud/store/contract.ts";
import { storeDesk } from "./store-desk.ts";
import {
  at,
  batch,
  block,
  chunkId,
  commit,
  event,
  first,
  MINUTE,
  own,
  readings,
  rowsText,
  type StoreUnderTest,
  scope,
  TIMEOUT_MS,
} from "./store-fixtures.ts";
import { storeNotices } from "./store-notices.ts";
import { storeValues } from "./store-values.ts";

export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  storeCounting(name, make);
  storeNotices(name, make);
  storeValues(name, make);
  storeDesk(name, make);
}

function storeCounting(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name}, what counts`, { timeout: TIMEOUT_MS }, () => {
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
  });
}
