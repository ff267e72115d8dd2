/** What passes between an agent's detectors, its local alarms, and the sink. */
import { z } from "zod";

/** A sparkline has at most so many points. */
export const ALARM_POINTS_MAX = 30;

/** Beyond it there is no date: who writes one for people would fail. */
const DATE_MS_MAX = 8.64e15;

/** Milliseconds since 1970. What no calendar has is taken as its end. */
const time = z.number().transform((ms) => Math.max(-DATE_MS_MAX, Math.min(DATE_MS_MAX, ms)));

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
  ts: time,
  value: z.number(),
  /** The limit, or the value that the detector expected. */
  expected: z.number(),
  /** One sentence for a person on the shop floor. */
  message: z.string(),
  /** Unit of measurement of `value` and `expected`. */
  unit: z.string().optional(),
  /** When what it tells of began, on the scale of `ts` and not after it. */
  since: time.optional(),
  /** The series' last values for a sparkline, newest last. */
  points: z.array(z.number()).max(ALARM_POINTS_MAX).optional(),
  /** Which view of the series is unusual, such as `spike`, `dip`, `shift`, `season`. */
  feature: z.string().min(1).optional(),
});

export type AlarmTransition = z.infer<typeof alarmTransition>;

export type AlarmPriority = AlarmTransition["priority"];

/** The transition at another time: what it says of the time before moves with it. */
export function movedTo(transition: AlarmTransition, ts: number): AlarmTransition {
  const { since } = transition;
  return {
    ...transition,
    ts,
    ...(since !== undefined && { since: since + (ts - transition.ts) }),
  };
}

/** The same for all transitions of one alarm of a gateway. */
export function alarmKey(alarm: Pick<AlarmTransition, "device" | "tag" | "rule">): string {
  return JSON.stringify([alarm.device, alarm.tag, alarm.rule]);
}
