/** What a webhook gets, and what a message on MQTT holds. Documented in docs/notifications.md. */
import { createHmac } from "node:crypto";
import { z } from "zod";
import { type Notice, notice } from "../alarms/contract.ts";
import { incidentId, noticeId } from "./notice-id.ts";
import { plainText, wordingOf } from "./wording.ts";

const { shape } = notice;

export const webhookBody = z.strictObject({
  version: z.literal(1).describe("Of this shape. New keys may come without a new version."),
  id: z
    .string()
    .describe("Of this notice: one that comes again with the same id is a repeat. Also a header."),
  incident: z.string().describe("The same for all notices of one time that an alarm was active."),
  key: z.string().describe("The alarm's name, by which it is acknowledged."),
  kind: shape.kind.describe("What happened. `group` and `flood` tell of several alarms."),
  priority: shape.priority,
  at: z.number().describe("When it was decided to tell, in milliseconds since 1970."),
  since: z.number().describe("Active since, in milliseconds since 1970."),
  title: z.string().describe("One line: what is wrong, where."),
  message: z.string().describe("One sentence."),
  text: z.string().describe("All of it as plain text, to be shown as it is."),
  site: z.string().optional(),
  gateway: z.string(),
  device: z.string(),
  tag: z.string(),
  rule: z.string(),
  value: z.number().nullable().describe("null where it is no number."),
  expected: z.number().nullable().describe("The limit, or what was to be expected."),
  unit: z.string().optional(),
  points: z
    .array(z.number().nullable())
    .max(30)
    .optional()
    .describe("The last values up to the alarm, newest last."),
  related: shape.related.describe("Other tags of the same device at that time."),
  action: z.string().optional().describe("What to do first."),
  runbook: z.string().optional().describe("Where to read on."),
  acknowledge: z.string().optional().describe("How to acknowledge it, as a command line."),
  members: z.array(z.string()).optional().describe("Keys of the alarms that it stands for."),
  count: z.number().optional().describe("How many alarms it stands for."),
});

export type WebhookBody = z.infer<typeof webhookBody>;

/** @param told bounded */
export function webhookBodyOf(told: Notice): WebhookBody {
  const { points, value, expected, id: _id, ...rest } = told;
  return {
    version: 1,
    id: noticeId(told),
    incident: incidentId(told),
    ...rest,
    value: finite(value),
    expected: finite(expected),
    ...(points && { points: points.map(finite) }),
    text: plainText(wordingOf(told)),
  };
}

/** JSON has no other numbers. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/**
 * HMAC-SHA256 over `TIME.BODY`. The time, in seconds since 1970, is signed with it, so that a
 * request that somebody kept cannot be sent again much later.
 */
export function signatureOf(key: string, timeS: number, body: string): string {
  return `v1=${createHmac("sha256", key).update(`${timeS}.${body}`).digest("hex")}`;
}
