import { expect, test } from "vitest";
import { policyOf } from "#config/alarms/policy-of.ts";
import { gatewaySchema } from "#config/gateway.ts";
import { ALARM_POLICY } from "#core/alarms/policy.ts";

test("a file that says nothing of alarms has the model's own policy", () => {
  const { alarms } = gatewaySchema.parse({ version: 1, gateway: "hall-3" });
  expect(policyOf(alarms.policy)).toEqual(ALARM_POLICY);
});

test("a file's policy is the model's, in milliseconds", () => {
  const { alarms } = gatewaySchema.parse({
    version: 1,
    gateway: "hall-3",
    alarms: {
      policy: {
        latch: ["limit-*"],
        shelveMax: "4h",
        chatter: { raises: 3, window: "1m", calm: "2m" },
        flood: { notices: 5, window: "5m" },
        group: { rules: ["silent"], wait: "1s", settle: "10s" },
      },
    },
  });
  expect(policyOf(alarms.policy)).toEqual({
    latch: ["limit-*"],
    shelveMaxMs: 14_400_000,
    chatter: { raises: 3, windowMs: 60_000, calmMs: 120_000 },
    flood: { notices: 5, urgent: 50, windowMs: 300_000 },
    group: { rules: ["silent"], waitMs: 1000, settleMs: 10_000 },
  });
});
