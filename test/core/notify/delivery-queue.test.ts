/** Notices on their way to one receiver. */
import { beforeEach, describe, expect, test } from "vitest";
import { DeliveryFailed } from "#core/notify/contract.ts";
import { ADDRESS, DeliveryRig, HOUR_MS, MINUTE_MS, numbered } from "./delivery-rig.ts";
import { madeEnd, madeNotice } from "./made-notice.ts";
import { AWAY, REFUSED } from "./outbox-disk.ts";

let rig: DeliveryRig;

beforeEach(() => {
  rig = new DeliveryRig();
});

describe("notices", () => {
  test("are taken one after the other, and leave the outbox", async () => {
    const running = rig.start();
    for (const notice of numbered(5)) running.tell(notice);
    await rig.clock.advance(0);
    expect(rig.idsTaken()).toEqual(["raised/0", "raised/1", "raised/2", "raised/3", "raised/4"]);
    expect(rig.disk.entries).toEqual([]);
    expect(rig.disk.journal).toHaveLength(5);
    expect(rig.disk.journal[0]).toMatchObject({ kind: "notified", key: "d0/t/r", note: ADDRESS });
  });

  test("that are offered twice are told once", async () => {
    rig.receiver.outcome = () => AWAY;
    const running = rig.start();
    running.tell(madeNotice());
    running.tell(madeNotice());
    await rig.clock.advance(0);
    expect(running.queue.length).toBe(1);
  });

  test("wait behind one that fails, and keep their order", async () => {
    let isAway = true;
    rig.receiver.outcome = () => (isAway ? AWAY : undefined);
    const running = rig.start();
    for (const notice of numbered(3)) running.tell(notice);
    await rig.clock.advance(10 * MINUTE_MS);
    expect(new Set(rig.receiver.tried)).toEqual(new Set(["raised/0"]));
    expect(rig.disk.entries.map(({ attempts }) => attempts > 0)).toEqual([true, false, false]);
    isAway = false;
    await rig.clock.advance(5 * MINUTE_MS);
    expect(rig.idsTaken()).toEqual(["raised/0", "raised/1", "raised/2"]);
  });

  test("are tried at once, and soon again, when the receiver was mended", async () => {
    let isAway = true;
    rig.receiver.outcome = () => (isAway ? AWAY : undefined);
    const running = rig.start();
    running.tell(madeNotice());
    await rig.clock.advance(HOUR_MS);
    const triesBefore = rig.receiver.tried.length;
    running.queue.resume();
    await rig.clock.advance(10_000);
    expect(rig.receiver.tried.length - triesBefore).toBeGreaterThanOrEqual(3);
    isAway = false;
    running.queue.resume();
    await rig.clock.advance(0);
    expect(rig.receiver.taken).toHaveLength(1);
  });

  test("of a raise and its end are both told, in this order, however late", async () => {
    let isAway = true;
    rig.receiver.outcome = () => (isAway ? AWAY : undefined);
    const running = rig.start();
    running.tell(madeNotice());
    await rig.clock.advance(MINUTE_MS);
    running.tell(madeEnd());
    await rig.clock.advance(MINUTE_MS);
    isAway = false;
    await rig.clock.advance(5 * MINUTE_MS);
    expect(rig.receiver.taken.map(({ kind }) => kind)).toEqual(["raised", "cleared"]);
  });

  test("that are refused for good are given up, which the journal says", async () => {
    rig.receiver.outcome = ({ id }) => (id === "raised/0" ? REFUSED : undefined);
    const running = rig.start();
    for (const notice of numbered(2)) running.tell(notice);
    await rig.clock.advance(0);
    expect(rig.idsTaken()).toEqual(["raised/1"]);
    expect(rig.disk.entries).toEqual([]);
    expect(rig.disk.journal[0]).toMatchObject({
      kind: "notification-failed",
      key: "d0/t/r",
      note: `${ADDRESS}: refused`,
    });
  });

  test("beyond a thousand crowd out the least urgent, the oldest of them first", async () => {
    rig.receiver.outcome = () => AWAY;
    const running = rig.start();
    const notices = numbered(1002, { priority: "high" });
    for (const [i, notice] of notices.entries()) {
      running.tell(i === 500 ? { ...notice, priority: "low" } : notice);
    }
    await rig.clock.advance(0);
    const given = rig.disk.journal.filter(({ kind }) => kind === "notification-failed");
    expect(given.map(({ key }) => key)).toEqual(["d500/t/r", "d0/t/r"]);
    // And the one that stands for them.
    expect(running.queue.length).toBe(1001);
  });
});

describe("a receiver", () => {
  test("is tried ever less often, and at once again after it took one", async () => {
    rig.receiver.outcome = () => AWAY;
    const running = rig.start();
    running.tell(madeNotice());
    await rig.clock.advance(HOUR_MS);
    const inFirstHour = rig.receiver.tried.length;
    await rig.clock.advance(HOUR_MS);
    expect(inFirstHour).toBeGreaterThan(15);
    expect(rig.receiver.tried.length - inFirstHour).toBeLessThanOrEqual(25);
    rig.receiver.outcome = () => undefined;
    await rig.clock.advance(5 * MINUTE_MS);
    running.tell(madeEnd());
    await rig.clock.advance(0);
    expect(rig.receiver.taken).toHaveLength(2);
  });

  test("that asks to wait is left alone for so long", async () => {
    rig.receiver.outcome = () =>
      new DeliveryFailed("busy", { isTransient: true, retryAfterMs: 10 * MINUTE_MS });
    rig.start().tell(madeNotice());
    await rig.clock.advance(10 * MINUTE_MS - 1);
    expect(rig.receiver.tried).toHaveLength(1);
    await rig.clock.advance(1);
    expect(rig.receiver.tried).toHaveLength(2);
  });

  test("that says nothing is given up after half a minute, and tried again", async () => {
    rig.receiver.outcome = () => "silence";
    const running = rig.start();
    running.tell(madeNotice());
    await rig.clock.advance(29_999);
    expect(running.health.failuresInARow).toBe(0);
    await rig.clock.advance(1);
    expect(running.health.status()).toMatchObject({ lastError: "no answer within 30 s" });
    rig.receiver.outcome = () => undefined;
    await rig.clock.advance(1000);
    expect(rig.receiver.taken).toHaveLength(1);
  });

  test("that is away for more than a day misses what is older, and gets the rest", async () => {
    rig.receiver.outcome = () => AWAY;
    const running = rig.start();
    for (const notice of numbered(2)) running.tell(notice);
    await rig.clock.advance(20 * HOUR_MS);
    running.tell(madeEnd({ at: rig.clock.now() }));
    await rig.clock.advance(4 * HOUR_MS + 10 * MINUTE_MS);
    expect(rig.disk.journal.map(({ kind, key }) => [kind, key])).toEqual([
      ["notification-failed", "d0/t/r"],
      ["notification-failed", "d1/t/r"],
    ]);
    rig.receiver.outcome = () => undefined;
    await rig.clock.advance(5 * MINUTE_MS);
    expect(rig.receiver.taken.map(({ kind }) => kind)).toEqual(["cleared"]);
  });

  test("misses nothing because the gateway's clock was set forward by years", async () => {
    rig.receiver.outcome = () => AWAY;
    rig.start().tell(madeNotice());
    await rig.clock.advance(MINUTE_MS);
    rig.clock.stepWall(56 * 365 * 24 * HOUR_MS);
    await rig.clock.advance(MINUTE_MS);
    rig.receiver.outcome = () => undefined;
    await rig.clock.advance(5 * MINUTE_MS);
    expect(rig.receiver.taken).toHaveLength(1);
  });

  test("is not kept waiting because the gateway's clock was set back by years", async () => {
    const running = rig.start();
    const dueAt = rig.clock.now() + HOUR_MS;
    rig.clock.stepWall(-10 * 365 * 24 * HOUR_MS);
    running.tell(madeNotice(), dueAt);
    await rig.clock.advance(0);
    expect(rig.receiver.taken).toHaveLength(1);
  });
});
