import { expect, test } from "vitest";
import { checkReply, expectedReply } from "#agent/sources/modbus/reply-check.ts";

const CRC = [0, 0];
/** Unit 7, function 3, two registers from 0. */
const registers = expectedReply(Uint8Array.of(7, 3, 0, 0, 0, 2));
/** Unit 7, function 1, nine coils from 0. */
const coils = expectedReply(Uint8Array.of(7, 1, 0, 0, 0, 9));
/** Unit 7, function 6, register 0 is to hold 3. */
const write = expectedReply(Uint8Array.of(7, 6, 0, 0, 0, 3, ...CRC));
/** Unit 7, function 16, two registers from 0: 1 and 2. */
const writes = expectedReply(Uint8Array.of(7, 16, 0, 0, 0, 2, 4, 0, 1, 0, 2, ...CRC));

test.each([
  ["answer", [7, 3, 4, 1, 2, 3, 4], registers],
  ["answer", [7, 1, 2, 0xff, 1], coils],
  ["answer", [7, 0x83, 2], registers],
  ["answer", [7, 6, 0, 0, 0, 3], write],
  ["answer", [7, 0x86, 2], write],
  ["malformed", [7, 6, 0, 0, 0, 4], write],
  ["malformed", [7, 6, 0, 1, 0, 3], write],
  ["answer", [7, 16, 0, 0, 0, 2], writes],
  ["malformed", [7, 16, 0, 0, 0, 1], writes],
  ["foreign", [8, 3, 4, 1, 2, 3, 4], registers],
  ["foreign", [8, 0x83, 2], registers],
  ["foreign", [7, 4, 4, 1, 2, 3, 4], registers],
  ["foreign", [7, 0x84, 2], registers],
  ["malformed", [7, 3, 6, 1, 2, 3, 4], registers],
  ["malformed", [7, 3, 2, 1, 2], registers],
  ["malformed", [7, 3, 4, 1, 2, 3, 4, 5, 6], registers],
  ["malformed", [7, 3], registers],
  ["malformed", [7, 0x83], registers],
] as const)("calls it %s: %j", (verdict, frame, expected) => {
  expect(checkReply(expected, Uint8Array.from([...frame, ...CRC]))).toBe(verdict);
});

test("an empty frame is foreign", () => {
  expect(checkReply(registers, new Uint8Array(0))).toBe("foreign");
});
