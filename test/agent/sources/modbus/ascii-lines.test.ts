import { expect, test } from "vitest";
import { AsciiLines } from "#agent/sources/modbus/ascii-lines.ts";

const FRAME = ":070302000AEA\r\n";

function passed(...parts: string[]): string {
  const lines = new AsciiLines();
  return parts.map((part) => lines.pass(Buffer.from(part, "latin1")).toString("latin1")).join("");
}

test.each([
  ["a whole frame", [FRAME], FRAME],
  ["a frame in pieces", [":0703", "02000AEA\r", "\n"], FRAME],
  ["two frames at once", [FRAME + FRAME], FRAME + FRAME],
  ["a frame behind noise and a broken one", [`\u00ff:07\u00fe:0703\r\nx${FRAME}`], FRAME],
  ["a frame that begins anew", [`:0703${FRAME}`], FRAME],
  ["nothing of a line without digits", [":\r\n", ":\r\n\r\n", "::\r\n"], ""],
  ["nothing of half a byte", [":0703020\r\n"], ""],
])("%s passes", (_what, parts, expected) => {
  expect(passed(...parts)).toBe(expected);
});

test("what never ends is not kept", () => {
  const lines = new AsciiLines();
  for (let i = 0; i < 1000; i++) lines.pass(Buffer.from(":".padEnd(100, "0")));
  lines.pass(Buffer.from("0".repeat(1000)));
  expect(lines.pass(Buffer.from(`00\r\n${FRAME}`)).toString()).toBe(FRAME);
});
