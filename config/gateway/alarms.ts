/** What stands below `alarms` beside its recipients: how alarms are held back, brought together and kept. */
import { z } from "zod";
import { durationBetween, HOUR_MS } from "../units.ts";

const MINUTE_MS = 60_000;

const rules = z.array(z.string().min(1).max(64)).max(100);

const chatter = z.strictObject({
  raises: z
    .int()
    .min(2)
    .max(20)
    .default(4)
    .describe("An alarm that comes so often within the window comes and goes: one notice more."),
  window: durationBetween(10_000, 24 * HOUR_MS)
    .prefault("10m")
    .describe("Of `raises`."),
  calm: durationBetween(10_000, 24 * HOUR_MS)
    .prefault("10m")
    .describe("It is told again once it has not come for so long."),
});

const flood = z.strictObject({
  notices: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe("More than so many within the window become one summary; urgent ones still go out."),
  urgent: z
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe(
      "Of `high` ones, and of `critical` ones: beyond so many each they are summed up, too.",
    ),
  window: durationBetween(10_000, 24 * HOUR_MS)
    .prefault("10m")
    .describe("Of both; a summary comes once in it, of urgent ones every minute."),
});

const group = z.strictObject({
  rules: rules
    .default(["silent", "stale", "gap", "stuck", "anomaly", "drift", "group"])
    .describe("Alarms of these rules, as globs, are told together where they come together."),
  wait: durationBetween(0, MINUTE_MS)
    .prefault("2s")
    .describe("So long such an alarm waits for others of the same bus, line or site."),
  settle: durationBetween(0, 10 * MINUTE_MS)
    .prefault("30s")
    .describe("So long it waits when what explained it (a dead bus) is over."),
});

const runbook = z.strictObject({
  action: z.string().min(1).max(1000).optional().describe("What to do first, in a sentence."),
  url: z
    .url({ protocol: /^https?$/ })
    .max(1000)
    .optional()
    .describe("Where to read on."),
});

export const alarmPolicy = z.strictObject({
  latch: rules
    .default([])
    .describe("Alarms of these rules, as globs, stay on the list until `penstock alarm reset`."),
  shelveMax: durationBetween(MINUTE_MS, 90 * 24 * HOUR_MS)
    .prefault("12h")
    .describe("The longest time for which an alarm may be shelved."),
  chatter: chatter.prefault({}).describe("What comes and goes faster than a person can follow."),
  flood: flood.prefault({}).describe("What is more than a person can follow."),
  group: group.prefault({}).describe("What has one cause."),
  runbooks: z
    .record(z.string().min(1).max(200), runbook)
    .default({})
    .describe("By rule, device, or `DEVICE/TAG/RULE`, as globs; the first that fits is told."),
});

const settings = {
  policy: alarmPolicy.prefault({}).describe("How alarms are told and kept. No recipient's name."),
};

export const gatewayAlarms = z.strictObject(settings);

/** Keys of the section that are no recipients. */
export const GATEWAY_ALARM_SETTINGS: readonly string[] = Object.keys(settings);
