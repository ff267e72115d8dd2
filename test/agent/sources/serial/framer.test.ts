import fc from "fast-check";
import { expect, test } from "vitest";
import { DelimiterFramer } from "#agent/sources/serial/framer.ts";

const CRLF = Buffer.from("\r\n");

function texts(framer: DelimiterFramer, ...chunks: string[]): string[] {
  return chunks.flatMap((chunk) => framer.push(Buffer.from(chunk, "latin1"))).map(String);
}

test("cuts at the delimiter, however the bytes come", () => {
  const lines = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { maxLength: 10 });
  fc.assert(
    fc.property(lines, fc.array(fc.nat(200), { maxLength: 20 }), (expected, cuts) => {
      const stream = Buffer.from(expected.map((line) => `${line}\r\n`).join(""));
      const framer = new DelimiterFramer(CRLF, 64);
      const edges = [0, ...cuts.filter((cut) => cut < stream.length), stream.length];
      const sorted = edges.toSorted((a, b) => a - b);
      const frames = sorted.flatMap((from, i) =>
        framer.push(stream.subarray(from, sorted[i + 1])).map(String),
      );
      // The last edge slices to the end once more: nothing is left by then.
      expect(frames).toEqual(expected);
    }),
  );
});

test("throws an over-long line away up to its end, counts it, and reads the next", () => {
  const framer = new DelimiterFramer(CRLF, 16);
  expect(texts(framer, "x".repeat(1000), "y".repeat(1000), "\r\nnext\r\n")).toEqual(["next"]);
  expect(texts(framer, `${"z".repeat(17)}\r\n`, `${"o".repeat(16)}\r\n`)).toEqual(["o".repeat(16)]);
  expect(framer.tooLong).toBe(2);
});

test("finds a delimiter that comes in two parts behind an over-long line", () => {
  const framer = new DelimiterFramer(CRLF, 16);
  expect(texts(framer, `${"x".repeat(40)}\r`, "\nnext\r\n")).toEqual(["next"]);
});

test("skips empty lines, and forgets half a line at a reset", () => {
  const framer = new DelimiterFramer(CRLF, 16);
  expect(texts(framer, "\r\n\r\na\r\n")).toEqual(["a"]);
  expect(texts(framer, "half")).toEqual([]);
  framer.reset();
  expect(texts(framer, "whole\r\n")).toEqual(["whole"]);
});

test("garbage without end takes no more memory than one line", () => {
  const framer = new DelimiterFramer(CRLF, 4096);
  const garbage = Buffer.alloc(1024 * 1024, 0x55);
  for (let i = 0; i < 50; i++) expect(framer.push(garbage)).toEqual([]);
  expect(framer.tooLong).toBe(1);
});
