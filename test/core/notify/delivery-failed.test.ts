import { expect, test } from "vitest";
import { DeliveryFailed, type Notifier } from "#core/notify/contract.ts";
import { transition } from "#test/core/alarms/sample.ts";

test("a failed delivery says why, and whether trying again can help", async () => {
  const cause = new Error("status 503");
  const busy: Notifier = {
    kind: "webhook",
    deliver: () =>
      Promise.reject(
        new DeliveryFailed("busy", { isTransient: true, retryAfterMs: 30_000, cause }),
      ),
  };
  const { id, device, tag, rule, priority, message, value, expected } = transition(
    "oven-2/temperature/limit-hh",
    "active",
    0,
  );
  const place = { device, tag, rule, priority, message, value, expected, gateway: "hall-3" };
  const notice = { id, key: id, kind: "raised" as const, at: 0, since: 0, title: "", ...place };
  await expect(busy.deliver(notice, AbortSignal.abort())).rejects.toMatchObject({
    message: "busy",
    isTransient: true,
    retryAfterMs: 30_000,
    cause,
  });
});
