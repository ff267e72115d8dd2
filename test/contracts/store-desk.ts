/** Of the contract of stores: the lease of the alarm desk, and what is kept under it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AlarmRow, Delivery, Store } from "#cloud/store/contract.ts";
import type { DeskLease, DeskStore, DeskWrite } from "#cloud/store/desk-contract.ts";
import type { AlarmState, JournalEntry, Notice, OutboxEntry } from "#core/alarms/contract.ts";
import type { ChunkContent } from "#core/chunk.ts";
import { until } from "#test/support/until.ts";
import {
  block,
  chunkId,
  commit,
  event,
  MINUTE,
  own,
  readings,
  SMALL_BOUNDS,
  type StoreUnderTest,
  TIMEOUT_MS,
} from "./store-fixtures.ts";

const LONG_MS = 60_000;
/** As long as names may be, and not to be compressed: longer than PostgreSQL takes into an index. */
const LONG_KEY = Array.from({ length: 1024 }, (_, at) =>
  String.fromCodePoint(0x4e00 + ((at * 7919) % 20_000)),
).join("");

export function transition(id: string, more: Partial<AlarmRow> = {}): AlarmRow {
  return {
    id,
    gateway: "hall-3",
    device: "oven-2",
    tag: "temperature",
    rule: "limit-h",
    state: "active",
    priority: "high",
    ts: MINUTE,
    value: 245,
    expected: 240,
    message: "too hot",
    receivedAtMs: MINUTE,
    ...more,
  };
}

export function stateOf(key: string): AlarmState {
  const { gateway, receivedAtMs: _receivedAtMs, ...raised } = transition(`${key}-1`);
  return {
    key,
    gateway,
    raised,
    seen: [raised.id],
    isActive: true,
    isAcknowledged: false,
    isLatched: false,
    activeSince: MINUTE,
    raises: 1,
    isChattering: false,
    isNotified: false,
  };
}

export function entry(id: number, key: string): JournalEntry {
  return { id, at: MINUTE + id, kind: "raised", key, note: "a\u0000b" };
}

function noticeTo(recipient: string): OutboxEntry {
  const { raised, gateway } = stateOf("k");
  const { device, tag, rule, priority, value, expected, message } = raised;
  const notice: Notice = {
    id: "n1",
    key: "k",
    kind: "raised",
    at: MINUTE,
    title: message,
    since: MINUTE,
    gateway,
    device,
    tag,
    rule,
    priority,
    value,
    expected,
    message,
  };
  return { id: `n1 ${recipient}`, recipient, notice, attempts: 0, dueAt: MINUTE };
}

/** The first reading of a lane. */
function sent(place: number, lane: number, ts: number): Delivery {
  return event(place, [{ id: chunkId(0, { lane }), content: readings(block([1], ts)) }]);
}

async function claimed(desk: DeskStore, owner = "desk-1", ttlMs = LONG_MS): Promise<DeskLease> {
  const lease = await desk.claim(owner, ttlMs);
  if (!lease) throw new TypeError("the lease is someone else's");
  return lease;
}

export function storeDesk(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name}, its alarm desk`, { timeout: TIMEOUT_MS }, () => {
    let under: StoreUnderTest;
    let store: Store;

    beforeEach(async () => {
      under = await make();
      store = under.store;
    });

    afterEach(async () => {
      await under.remove();
    });

    test("is held by one, until it is given up", async () => {
      const { desk } = store;
      const first = await claimed(desk, "desk-1");
      expect(await desk.claim("desk-2", LONG_MS)).toBeUndefined();
      expect(await claimed(desk, "desk-1")).toEqual(first);
      await desk.release({ ...first, owner: "desk-2" });
      expect(await desk.claim("desk-2", LONG_MS)).toBeUndefined();
      await desk.release(first);
      expect(await claimed(desk, "desk-2")).toEqual({ owner: "desk-2", term: first.term + 1 });
    });

    test("takes nothing of a holder whose lease has passed to another one", async () => {
      const { desk } = store;
      const late = await claimed(desk, "desk-1", 1);
      let next: DeskLease | undefined;
      await until(async () => {
        next = await desk.claim("desk-2", LONG_MS);
        return next !== undefined;
      });
      const write: DeskWrite = {
        alarms: { states: [stateOf("k")], journal: [entry(1, "k")], outbox: [noticeTo("shift")] },
        cursor: 7,
        raised: [transition("r1")],
        memory: [{ key: "a", text: "1" }],
      };
      const before = await desk.load();
      expect(await desk.commit(late, write)).toBe(false);
      expect(await desk.load()).toEqual(before);
      expect(await store.alarms(10)).toEqual([]);
      if (!next) throw new TypeError("nobody holds it");
      expect(await desk.commit(next, write)).toBe(true);
      expect(await desk.load()).toMatchObject({ cursor: 7, states: [{ key: "k" }] });
      expect(await store.alarms(10)).toMatchObject([{ id: "r1" }]);
    });

    test("keeps over a crash what was written, and nothing of what was ended", async () => {
      const lease = await claimed(store.desk);
      const window = {
        id: "m1",
        devices: ["hall-3/*"],
        from: 1,
        until: 2,
        by: "a",
        note: "",
        at: 1,
      };
      await store.desk.commit(lease, {
        alarms: {
          states: [stateOf(LONG_KEY), stateOf("b")],
          maintenance: [window, { ...window, id: "m2" }],
          journal: [entry(1, LONG_KEY), entry(2, "b")],
          outbox: [noticeTo("shift"), noticeTo("office")],
        },
        cursor: 3,
        memory: [
          { key: LONG_KEY, text: "1" },
          { key: "rule b", text: "2" },
        ],
      });
      await store.desk.commit(lease, {
        alarms: {
          states: [{ ...stateOf(LONG_KEY), isAcknowledged: true }],
          forgotten: ["b"],
          maintenanceEnded: ["m1"],
          outbox: [{ ...noticeTo("office"), attempts: 1, dueAt: MINUTE + 5000 }],
          outboxDone: ["n1 shift"],
        },
        memory: [{ key: LONG_KEY, text: "3" }],
        forgottenMemory: ["rule b"],
      });
      await store.desk.release(lease);
      store = await under.crash();
      expect(await store.desk.load()).toEqual({
        states: [{ ...stateOf(LONG_KEY), isAcknowledged: true }],
        maintenance: [{ ...window, id: "m2" }],
        outbox: [{ ...noticeTo("office"), attempts: 1, dueAt: MINUTE + 5000 }],
        lastJournalId: 2,
        cursor: 3,
        memory: [{ key: LONG_KEY, text: "3" }],
      });
      expect(await store.desk.states()).toEqual([{ ...stateOf(LONG_KEY), isAcknowledged: true }]);
      expect(await store.desk.maintenance()).toEqual([{ ...window, id: "m2" }]);
      expect(await store.desk.backlog()).toEqual({ notices: 1, transitions: 0 });
    });

    test("shows its journal from the newest on, of one alarm or of all", async () => {
      const { desk } = store;
      const entries = [1, 2, 3, 4].map((id) => entry(id, id % 2 === 0 ? "even" : "odd"));
      await desk.commit(await claimed(desk), { alarms: { journal: entries } });
      const ids = async (query: Parameters<DeskStore["journal"]>[0]): Promise<number[]> =>
        (await desk.journal(query)).map(({ id }) => id);
      expect(await ids({ limit: 3 })).toEqual([4, 3, 2]);
      expect(await ids({ limit: 3, before: 2 })).toEqual([1]);
      expect(await ids({ limit: 9, key: "even" })).toEqual([4, 2]);
      expect((await desk.journal({ limit: 1 }))[0]).toEqual(entry(4, "even"));
    });

    test("numbers transitions as they are committed, whoever raises them, and each once", async () => {
      await own(store);
      const { receivedAtMs: _receivedAtMs, gateway: _gateway, ...local } = transition("local");
      await commit(store, [
        event(0, [{ id: chunkId(0), content: { kind: "alarm", transitions: [local] } }]),
      ]);
      await store.raise(transition("gap", { rule: "gap" }));
      const lease = await claimed(store.desk);
      expect(await store.desk.backlog()).toEqual({ notices: 0, transitions: 2 });
      await store.desk.commit(lease, { raised: [transition("own"), transition("local")] });
      const all = await store.desk.transitionsAfter(0, 10);
      expect(all.map(({ alarm }) => alarm.id)).toEqual(["local", "gap", "own"]);
      expect(all[0]?.alarm).toEqual(transition("local", { receivedAtMs: MINUTE + 30_000 }));
      const [, second, third] = all;
      expect(await store.desk.transitionsAfter(second?.serial ?? 0, 10)).toEqual([third]);
      expect(await store.desk.transitionsAfter(0, 1)).toHaveLength(1);
      await store.desk.commit(lease, { cursor: second?.serial ?? 0 });
      expect(await store.desk.backlog()).toEqual({ notices: 0, transitions: 1 });
    });

    test("keeps transitions for a desk that is away, beyond what is kept of those taken in", async () => {
      const { takenIn, waiting } = SMALL_BOUNDS;
      for (let at = 1; at <= waiting; at++) await store.raise(transition(`t${at}`));
      const all = await store.desk.transitionsAfter(0, 1000);
      expect(all.map(({ alarm }) => alarm.id)).toEqual(all.map((_, at) => `t${at + 1}`));
      expect(all).toHaveLength(waiting);
      expect(await store.desk.givenUp()).toBe(0);
      // It comes back, and takes in the first half: of that, the newest stay for people to see.
      const half = all[waiting / 2 - 1]?.serial ?? 0;
      await store.desk.commit(await claimed(store.desk), { cursor: half });
      for (let at = 1; at <= takenIn; at++) await store.raise(transition(`u${at}`));
      const rest = await store.desk.transitionsAfter(0, 1000);
      expect(rest[0]?.serial).toBe(half + 1);
      expect(rest).toHaveLength(waiting / 2 + takenIn);
      expect(await store.desk.givenUp()).toBe(0);
    });

    test("gives up, and counts, the oldest when even those that wait are too many", async () => {
      const { waiting } = SMALL_BOUNDS;
      await own(store);
      const local = Array.from({ length: waiting + 7 }, (_, at) => {
        const { receivedAtMs: _r, gateway: _g, ...rest } = transition(`t${at + 1}`);
        return rest;
      });
      const content: ChunkContent = { kind: "alarm", transitions: local };
      await commit(store, [event(0, [{ id: chunkId(0), content }])]);
      await store.raise(transition("last"));
      const left = await store.desk.transitionsAfter(0, 1000);
      expect(left.map(({ alarm }) => alarm.id).slice(0, 1)).toEqual(["t9"]);
      expect(left).toHaveLength(waiting);
      expect(await store.desk.givenUp()).toBe(8);
      store = await under.crash();
      expect(await store.desk.givenUp()).toBe(8);
    });

    test("is asked for operations, and answers each", async () => {
      const { desk } = store;
      const operation = { kind: "acknowledge", keys: ["k"], by: "ada", note: "seen" } as const;
      const id = await desk.ask(operation);
      const other = await desk.ask({ ...operation, keys: ["x"] });
      expect(await desk.requests(1)).toEqual([{ id, operation }]);
      expect(await desk.answerOf(id)).toBeUndefined();
      await desk.withdraw(other);
      const answer = { kind: "refused", code: "ALARM_UNKNOWN", error: "no alarm k" } as const;
      await desk.commit(await claimed(desk), { answers: [{ id, answer }] });
      expect(await desk.requests(10)).toEqual([]);
      expect(await desk.answerOf(id)).toEqual(answer);
      await desk.withdraw(id);
      expect(await desk.answerOf(id)).toBeUndefined();
      expect(await desk.ask(operation)).toBeGreaterThan(other);
    });

    test("tells how far each gateway has come, and when it was last heard", async () => {
      await own(store);
      const old = { ...sent(0, 0, MINUTE - 600_000), enqueuedAtMs: MINUTE - 600_000 };
      await commit(store, [old, sent(1, 1, MINUTE), sent(2, 2, MINUTE + 1000)]);
      const seenAtMs = MINUTE + 30_000;
      const newestMs = MINUTE + 1000;
      expect(await store.desk.gateways(MINUTE)).toEqual([
        { gateway: "hall-3", seenAtMs, watermarkMs: MINUTE, newestMs },
      ]);
      expect(await store.desk.gateways(MINUTE + 60_000)).toEqual([
        { gateway: "hall-3", seenAtMs, watermarkMs: undefined, newestMs },
      ]);
    });

    test("keeps the last report of each sink", async () => {
      const report = { name: "host:1", latencyP99Ms: 80, readings: 1000 };
      await store.desk.report({ ...report, readings: 1 });
      await store.desk.report(report);
      await store.desk.report({ ...report, name: "host:2" });
      expect(await store.desk.reports()).toHaveLength(2);
      expect(await store.desk.reports()).toContainEqual(report);
    });
  });
}
