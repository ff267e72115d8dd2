/** `quiet`: when people sleep. */
import { z } from "zod";
import type { QuietHours } from "#core/notify/recipient.ts";

const CLOCK = /^([01]\d|2[0-3]):([0-5]\d)$/;
const error = "expected a time of day, such as 22:00";
const timeOfDay = z.string({ error }).regex(CLOCK, { error });

export const quiet = z.strictObject({
  from: timeOfDay.describe("Begin, such as 22:00."),
  to: timeOfDay.describe("End, such as 06:00: what waited is told then."),
  zone: z
    .string()
    .refine(isZone, { error: "expected the name of a time zone, such as Europe/Vienna" })
    .optional()
    .describe("Time zone, such as Europe/Vienna. If left out, the machine's own."),
  except: z
    .enum(["high", "critical"])
    .default("high")
    .describe("Of this priority, and more urgent, all is told at once."),
});

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

export function quietHoursOf({ from, to, zone, except }: z.infer<typeof quiet>): QuietHours {
  return { fromMinute: minuteOf(from), toMinute: minuteOf(to), zone, except };
}

function minuteOf(text: string): number {
  const [, hour, minute] = CLOCK.exec(text) ?? [];
  return Number(hour) * 60 + Number(minute);
}
