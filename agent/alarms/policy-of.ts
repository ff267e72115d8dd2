import type { GatewaySettings } from "#config/gateway.ts";
import type { AlarmPolicy } from "#core/alarms/policy.ts";

/** What the gateway's file says of alarms, in the model's terms. */
export function policyOf({ policy }: GatewaySettings["alarms"]): AlarmPolicy {
  const { latch, shelveMax, chatter, flood, group } = policy;
  return {
    latch,
    shelveMaxMs: shelveMax,
    chatter: { raises: chatter.raises, windowMs: chatter.window, calmMs: chatter.calm },
    flood: { notices: flood.notices, windowMs: flood.window },
    group: { rules: group.rules, waitMs: group.wait, settleMs: group.settle },
    order: "arrival",
  };
}
