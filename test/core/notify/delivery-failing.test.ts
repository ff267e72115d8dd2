/** A channel that fails is an alarm itself. */
import { beforeEach, describe, expect, test } from "vitest";
import { ADDRESS, DeliveryRig, MINUTE_MS } from "./delivery-rig.ts";
import { madeNotice } from "./made-notice.ts";
import { AWAY, REFUSED } from "./outbox-disk.ts";

let rig: DeliveryRig;

beforeEach(() => {
  rig = new DeliveryRig();
});

describe("a channel that fails", () => {
  test("is an alarm after half a minute, and over once it delivers", async () => {
    rig.receiver.outcome = () => AWAY;
    const running = rig.start();
    running.tell(madeNotice());
    await rig.clock.advance(29_000);
    expect(running.alarms).toEqual([]);
    await rig.clock.advance(MINUTE_MS);
    rig.receiver.outcome = () => undefined;
    await rig.clock.advance(5 * MINUTE_MS);
    expect(running.alarms).toMatchObject([
      {
        device: "(gateway)",
        tag: ADDRESS,
        rule: "notification-failing",
        state: "active",
        priority: "high",
        message: "shift.webhook cannot be told of alarms: away",
      },
      { state: "cleared" },
    ]);
  });

  test("is an alarm at once where a notice is refused for good", async () => {
    rig.receiver.outcome = () => REFUSED;
    const running = rig.start();
    running.tell(madeNotice());
    await rig.clock.advance(0);
    expect(running.alarms).toMatchObject([{ state: "active" }]);
  });

  test("and was an alarm in the last process, ends it when it delivers", async () => {
    const running = rig.start(undefined, true);
    running.tell(madeNotice());
    await rig.clock.advance(0);
    expect(running.alarms).toMatchObject([{ state: "cleared", tag: ADDRESS }]);
  });
});
