/** What passes between an agent's detectors, its local alarms, and the sink. */
import { z } from "zod";

export const alarmTransition = z.object({
  /** Unique for this transition: a receiver recognises a repeat by it. */
  id: z.string().min(1),
  device: z.string().min(1),
  tag: z.string().min(1),
  /** Which rule of the series: `limit-hh`, `limit-h`, `limit-l`, `limit-ll`, `anomaly`, `stuck`. */
  rule: z.string().min(1),
  state: z.enum(["active", "cleared"]),
  priority: z.enum(["low", "medium", "high", "critical"]),
  /** Time of the reading that caused it, in milliseconds since 1970. */
  ts: z.number(),
  value: z.number(),
  /** The limit, or the value that the detector expected. */
  expected: z.number(),
  /** One sentence for a person on the shop floor. */
  message: z.string(),
});

export type AlarmTransition = z.infer<typeof alarmTransition>;

export type AlarmPriority = AlarmTransition["priority"];

/** The same for all transitions of one alarm of a gateway. */
export function alarmKey(alarm: Pick<AlarmTransition, "device" | "tag" | "rule">): string {
  return JSON.stringify([alarm.device, alarm.tag, alarm.rule]);
}
