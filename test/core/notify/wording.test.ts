import { describe, expect, test } from "vitest";
import { mailMessageOf } from "#core/notify/mail-message.ts";
import { oneLine } from "#core/notify/one-line.ts";
import { sparkline } from "#core/notify/sparkline.ts";
import { plainText, wordingOf } from "#core/notify/wording.ts";
import { fc } from "#test/support/properties.ts";
import { anyText } from "./any-notice.ts";
import { MAIL_CHANNEL, madeEnd, madeNotice } from "./made-notice.ts";

describe("a notice in words", () => {
  test("says what, where, how much, since when and what to do", () => {
    expect(plainText(wordingOf(madeNotice()))).toBe(`\
CRITICAL oven-2 temperature is above 240 °C (hall-3)

The temperature of oven-2 is 241.3 °C, above its limit of 240 °C.

Where:       north / hall-3 / oven-2 / temperature
Value:       241.3 °C (limit 240 °C)
Since:       2025-11-21 06:39:58 UTC
Last values: ▁▂▄▇█ (230 °C to 241.3 °C)
Also:        pressure 2.1 bar
First:       Close the gas valve.
Runbook:     https://wiki.example.com/ovens#hot
Acknowledge: penstock alarm ack oven-2/temperature/limit-hh
`);
  });

  test("says from when to when it was active, once it is over", () => {
    expect(wordingOf(madeEnd()).lines).toContainEqual({
      label: "Was active",
      text: "2025-11-21 06:39:58 UTC to 2025-11-21 06:41:00 UTC (62 s)",
    });
  });

  test("names the first of many alarms, and how many there are", () => {
    const members = Array.from({ length: 50 }, (_, i) => `meter-${i}/(device)/silent`);
    const lines = wordingOf(madeNotice({ kind: "group", members, count: 120 })).lines;
    const { text = "" } = lines.find(({ label }) => label === "Stands for") ?? {};
    expect(text).toMatch(/^120 alarms: meter-0\/\(device\)\/silent, .*, and 110 more$/);
  });

  test("shows no value for an alarm that is not about one", () => {
    const { unit: _unit, ...notice } = madeNotice({ rule: "silent", value: 1, expected: 0 });
    expect(wordingOf(notice).lines.map(({ label }) => label)).not.toContain("Value");
  });
});

test.each([
  [[1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█"],
  [[5, 5, 5], "▄▄▄"],
  [[0, Number.NaN, 1], "▁ █"],
  [[-1.7e308, 1.7e308], "▁█"],
  [[], ""],
])("the curve of %j is %s", (points, curve) => {
  expect(sparkline(points)).toBe(curve);
});

test("a curve has 30 points at most, the newest", () => {
  expect(sparkline([...Array.from({ length: 50 }, () => 0), 1])).toBe(`${"▁".repeat(29)}█`);
});

test("a line has no ends of lines, no control characters, and the length that it may have", () => {
  fc.assert(
    fc.property(anyText(), fc.integer({ min: 1, max: 50 }), (text, max) => {
      const line = oneLine(text, max);
      expect(line.length).toBeLessThanOrEqual(max);
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E]/u);
      expect(line.isWellFormed()).toBe(true);
    }),
  );
});

describe("mails", () => {
  test("that follow refer to the first of their incident", () => {
    const first = mailMessageOf(madeNotice(), MAIL_CHANNEL);
    const end = mailMessageOf(madeEnd(), MAIL_CHANNEL);
    expect(first.references).toBeUndefined();
    expect(end.inReplyTo).toBe(first.messageId);
    expect(end.references).toEqual([first.messageId]);
    expect(end.messageId).not.toBe(first.messageId);
  });

  test("of a later raise begin an incident of their own", () => {
    const again = madeNotice({ id: "raised/2", since: madeNotice().since + 3_600_000 });
    const { messageId } = mailMessageOf(madeNotice(), MAIL_CHANNEL);
    expect(mailMessageOf(again, MAIL_CHANNEL).messageId).not.toBe(messageId);
  });

  test("are the same when they are repeated", () => {
    expect(mailMessageOf(madeNotice(), MAIL_CHANNEL)).toEqual(
      mailMessageOf(madeNotice(), MAIL_CHANNEL),
    );
  });

  test("link a runbook, and nothing that only looks like one", () => {
    const { html } = mailMessageOf(madeNotice(), MAIL_CHANNEL);
    expect(html).toContain('<a href="https://wiki.example.com/ovens#hot">');
    const other = mailMessageOf(madeNotice({ runbook: "javascript:alert(1)" }), MAIL_CHANNEL);
    expect(other.html).not.toContain("<a ");
  });
});
