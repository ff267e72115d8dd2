/** Names and messages come from devices: whatever they hold, it stays what it is, a text. */

import { expect, test } from "vitest";
import { alertOf } from "#core/notify/alertmanager-alert.ts";
import { boundedNotice } from "#core/notify/bounded-notice.ts";
import { mailMessageOf } from "#core/notify/mail-message.ts";
import { mqttMessagesOf } from "#core/notify/mqtt-message.ts";
import { webhookBody, webhookBodyOf } from "#core/notify/webhook-body.ts";
import { MANUAL_CLOCK_START_MS } from "#test/support/manual-clock.ts";
import { fc } from "#test/support/properties.ts";
import { anyNotice } from "./any-notice.ts";
import { MAIL_CHANNEL, madeState, PLANT } from "./made-notice.ts";

test("a mail's headers stay one line each, and its HTML has no tags of theirs", () => {
  fc.assert(
    fc.property(anyNotice(), (notice) => {
      const {
        subject,
        messageId,
        headers,
        html,
        references = [],
      } = mailMessageOf(boundedNotice(notice), MAIL_CHANNEL);
      for (const line of [subject, messageId, ...references, ...Object.values(headers)]) {
        expect(line).not.toMatch(/[\r\n\0]/);
      }
      expect(messageId).toMatch(/^<[0-9a-f]{32}@[A-Za-z0-9-]+\.penstock>$/);
      expect(html).not.toContain("<script");
      expect(html.length).toBeLessThan(100_000);
    }),
  );
});

test("a webhook's body has its documented shape, and a length that it may have", () => {
  fc.assert(
    fc.property(anyNotice(), (notice) => {
      const body = JSON.stringify(webhookBodyOf(boundedNotice(notice)));
      expect(webhookBody.safeParse(JSON.parse(body)).success).toBe(true);
      expect(Buffer.byteLength(body)).toBeLessThan(256 * 1024);
    }),
  );
});

test("a topic keeps its levels, and has no wildcards", () => {
  fc.assert(
    fc.property(anyNotice(), (notice) => {
      const topic = "plant/{gateway}/{device}/{tag}/{rule}";
      for (const message of mqttMessagesOf(boundedNotice(notice), { topic, retain: true })) {
        expect(message.topic).not.toMatch(/[+#\0]/);
        expect(message.topic.split("/")).toHaveLength(5);
      }
    }),
  );
});

test("an alert's labels and times are what Alertmanager takes", () => {
  fc.assert(
    fc.property(anyNotice(), ({ device, tag, rule, message, value, since }) => {
      const state = madeState({ device, tag, rule, message, value }, { activeSince: since });
      const alert = alertOf(state, PLANT, MANUAL_CLOCK_START_MS, 1000);
      for (const text of Object.values({ ...alert.labels, ...alert.annotations })) {
        expect(text.isWellFormed() && text.length > 0 && text.length <= 1000).toBe(true);
      }
      expect(Date.parse(alert.startsAt)).toBeLessThanOrEqual(MANUAL_CLOCK_START_MS);
      expect(Date.parse(alert.endsAt)).toBe(MANUAL_CLOCK_START_MS + 1000);
    }),
  );
});
