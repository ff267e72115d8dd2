import type { Notice } from "#core/alarms/contract.ts";
import { fc } from "#test/support/properties.ts";
import { madeNotice } from "./made-notice.ts";

/** Also halves of characters. */
const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));

/** Anything that a sender of tag names and messages could come up with. */
export const anyText = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: anyUnit, maxLength: 60 }),
    fc.constantFrom(
      "\r\nBcc: evil@example.com",
      "a\0b",
      "\u202Egnp.exe",
      "<script>",
      "x".repeat(5000),
    ),
  );

export const anyNotice = (): fc.Arbitrary<Notice> =>
  fc
    .record({
      id: anyText(),
      title: anyText(),
      gateway: anyText(),
      device: anyText(),
      tag: anyText(),
      rule: anyText(),
      message: anyText(),
      action: anyText(),
      runbook: anyText(),
      value: fc.double(),
      since: fc.double({ noNaN: true, noDefaultInfinity: true }),
      points: fc.array(fc.double(), { maxLength: 30 }),
      members: fc.array(anyText(), { maxLength: 80 }),
    })
    .map(madeNotice);
