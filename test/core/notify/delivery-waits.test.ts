/** Notices that are held back, and those that are told again. */
import { beforeEach, describe, expect, test } from "vitest";
import { DeliveryRig, HOUR_MS, MINUTE_MS } from "./delivery-rig.ts";
import { madeEnd, madeNotice } from "./made-notice.ts";

let rig: DeliveryRig;

beforeEach(() => {
  rig = new DeliveryRig();
});

describe("what is held back", () => {
  test("lets what is due go before", async () => {
    const running = rig.start();
    running.tell(madeNotice({ priority: "medium" }), rig.clock.now() + HOUR_MS);
    running.tell(madeNotice({ id: "raised/urgent", key: "a/b/c" }));
    await rig.clock.advance(0);
    expect(rig.idsTaken()).toEqual(["raised/urgent"]);
    await rig.clock.advance(HOUR_MS);
    expect(rig.receiver.taken).toHaveLength(2);
  });

  test("and over before it was told is told by its end alone", async () => {
    const running = rig.start();
    running.tell(madeNotice(), rig.clock.now() + HOUR_MS);
    running.tell(madeEnd(), rig.clock.now() + HOUR_MS);
    await rig.clock.advance(HOUR_MS);
    expect(rig.receiver.taken.map(({ kind }) => kind)).toEqual(["cleared"]);
    expect(rig.disk.entries).toEqual([]);
  });
});

describe("what nobody acknowledges", () => {
  test("is told again and again, each time with an id of its own", async () => {
    rig.start(HOUR_MS).tell(madeNotice());
    await rig.clock.advance(2 * HOUR_MS);
    const { id, title } = madeNotice();
    expect(rig.receiver.taken.map((notice) => [notice.kind, notice.id, notice.title])).toEqual([
      ["raised", id, title],
      ["reminder", `${id}/again/1`, `Still unacknowledged: ${title}`],
      ["reminder", `${id}/again/2`, `Still unacknowledged: ${title}`],
    ]);
  });

  test("is told again by the next process, too", async () => {
    const first = rig.start(HOUR_MS);
    first.tell(madeNotice());
    await rig.clock.advance(MINUTE_MS);
    await first.stop();
    rig.start(HOUR_MS);
    await rig.clock.advance(HOUR_MS);
    expect(rig.receiver.taken.map(({ kind }) => kind)).toEqual(["raised", "reminder"]);
  });

  test.each([
    ["is over", madeEnd()],
    ["is acknowledged", madeNotice({ id: "acknowledged/1", kind: "acknowledged" })],
  ])("is not told again once it %s", async (_, end) => {
    const running = rig.start(HOUR_MS);
    running.tell(madeNotice());
    await rig.clock.advance(MINUTE_MS);
    running.tell(end);
    await rig.clock.advance(3 * HOUR_MS);
    expect(rig.receiver.taken).toHaveLength(2);
    expect(rig.disk.entries).toEqual([]);
  });

  test("is not told again while somebody has put it off", async () => {
    const running = rig.start(HOUR_MS);
    running.tell(madeNotice());
    await rig.clock.advance(MINUTE_MS);
    running.isOpen = false;
    await rig.clock.advance(3 * HOUR_MS);
    expect(rig.receiver.taken).toHaveLength(1);
    expect(rig.disk.entries).toEqual([]);
  });
});
