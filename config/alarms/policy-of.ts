import type { z } from "zod";
import type { AlarmPolicy } from "#core/alarms/policy.ts";
import type { alarmPolicy } from "../gateway/alarms.ts";

/** What a file says of alarms, in the model's terms. */
export function policyOf({
  latch,
  shelveMax,
  chatter,
  flood,
  group,
}: z.infer<typeof alarmPolicy>): AlarmPolicy {
  return {
    latch,
    shelveMaxMs: shelveMax,
    chatter: { raises: chatter.raises, windowMs: chatter.window, calmMs: chatter.calm },
    flood: { notices: flood.notices, urgent: flood.urgent, windowMs: flood.window },
    group: { rules: group.rules, waitMs: group.wait, settleMs: group.settle },
  };
}
