import { expect, test } from "vitest";
import { DelimiterFramer } from "#agent/sources/serial/delimiter-framer.ts";
import type { Framer } from "#agent/sources/serial/framing.ts";
import { IdleFramer } from "#agent/sources/serial/idle-framer.ts";
import { LengthFramer } from "#agent/sources/serial/length-framer.ts";
import { StartEndFramer } from "#agent/sources/serial/start-end-framer.ts";
import { fc } from "#test/support/properties.ts";

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

const STX = Buffer.from([2]);
const ETX = Buffer.from([3]);

test("frames between start and end are found in any noise, however the bytes come", () => {
  const part = fc.record({
    noise: fc.stringMatching(/^[a-z]{0,5}$/),
    text: fc.stringMatching(/^[A-Z]{1,8}$/),
  });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.integer({ min: 1, max: 7 }), (parts, step) => {
      const stream = Buffer.from(
        parts.map(({ noise, text }) => `${noise}\x02${text}\x03`).join(""),
      );
      const framer = new StartEndFramer(STX, ETX, 16);
      expect(inSteps(framer, stream, step)).toEqual(parts.map(({ text }) => text));
    }),
  );
});

test("a frame whose end was lost is given up at the next start, or at its longest", () => {
  const framer = new StartEndFramer(STX, ETX, 16);
  expect(inSteps(framer, Buffer.from("\x02HALF\x02WHOLE\x03"), 3)).toEqual(["WHOLE"]);
  expect(inSteps(framer, Buffer.from(`\x02${"x".repeat(500)}`), 100)).toEqual([]);
  expect(framer.tooLong).toBeGreaterThan(0);
  expect(inSteps(framer, Buffer.from("\x03\x02NEXT\x03"), 2)).toEqual(["NEXT"]);
});

test("frames of one length are found again by their start after a lost byte", () => {
  const framer = new LengthFramer(Buffer.from([0xaa, 0x55]), 5);
  const stream = Buffer.from([0x55, 0xaa, 0x55, 1, 2, 3, 0xaa, 0x55, 4, 5, 6, 0xaa]);
  for (const step of [1, 2, 3, 12]) {
    expect(inSteps(framer, stream, step, "hex")).toEqual(["aa55010203", "aa55040506"]);
    framer.reset();
  }
});

test("frames of one length without a start are cut as they come", () => {
  const framer = new LengthFramer(Buffer.alloc(0), 3);
  expect(inSteps(framer, Buffer.from("abcdefg"), 2)).toEqual(["abc", "def"]);
});

test("what comes until nothing comes is a frame, unless it is too long", () => {
  const framer = new IdleFramer(8);
  expect(framer.push(Buffer.from("ab"))).toEqual([]);
  framer.push(Buffer.from("cd"));
  expect(framer.idle().map(String)).toEqual(["abcd"]);
  expect(framer.idle()).toEqual([]);
  for (let i = 0; i < 5; i++) framer.push(Buffer.from("xyz"));
  expect(framer.idle()).toEqual([]);
  expect(framer.tooLong).toBe(1);
  framer.push(Buffer.from("next"));
  expect(framer.idle().map(String)).toEqual(["next"]);
});

test("no bytes make any framer fail, or give a frame that is too long", () => {
  const alphabet = fc.constantFrom(2, 3, 10, 13, 65);
  fc.assert(
    fc.property(fc.array(fc.array(alphabet, { maxLength: 40 })), (chunks) => {
      for (const framer of framers()) {
        for (const chunk of chunks) {
          for (const frame of [...framer.push(Uint8Array.from(chunk)), ...framer.idle()]) {
            expect(frame.length).toBeLessThanOrEqual(16);
          }
        }
      }
    }),
  );
});

function inSteps(
  framer: Framer,
  bytes: Buffer,
  step: number,
  as: "latin1" | "hex" = "latin1",
): string[] {
  const frames: string[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    for (const frame of framer.push(bytes.subarray(at, at + step))) frames.push(frame.toString(as));
  }
  return frames;
}

function framers(): Framer[] {
  return [
    new DelimiterFramer(CRLF, 16),
    new StartEndFramer(STX, ETX, 16),
    new LengthFramer(STX, 16),
    new IdleFramer(16),
  ];
}

test("a frame that begins within one that never ended is found, however the bytes arrive", () => {
  const noise = Buffer.from(`\u0002${"x".repeat(100)}`);
  const frame = Buffer.from("\u000212.5\u0003");
  for (const cut of [1, 50, noise.length + 1, noise.length + 3]) {
    const framer = new StartEndFramer(Buffer.from("\u0002"), Buffer.from("\u0003"), 16);
    const all = Buffer.concat([noise, frame]);
    const frames = [...framer.push(all.subarray(0, cut)), ...framer.push(all.subarray(cut))];
    expect(frames.map(String)).toEqual(["12.5"]);
  }
});

test("a start that comes in two parts behind what never ended is found", () => {
  const framer = new StartEndFramer(Buffer.from("AB"), CRLF, 16);
  const parts = [`AB${"x".repeat(40)}A`, "B2\r\n"];
  expect(parts.flatMap((part) => framer.push(Buffer.from(part))).map(String)).toEqual(["2"]);
  expect(framer.tooLong).toBe(1);
});
