import { expect, test } from "vitest";
import { LineMatcher } from "#agent/sources/serial/matcher.ts";
import { sampleOf } from "#agent/sources/serial/sample.ts";
import { parseStrictNumber } from "#agent/sources/serial/strict-number.ts";
import { fc } from "#test/support/properties.ts";

test("each named group is a tag", () => {
  const matcher = new LineMatcher("(?<weight>[-+.0-9]+) kg(?: (?<state>ST|US))?");
  expect(matcher.tags).toEqual(["weight", "state"]);
  expect(matcher.match("WT 12.5 kg ST")).toEqual([
    { tag: "weight", text: "12.5" },
    { tag: "state", text: "ST" },
  ]);
  expect(matcher.match("WT 12.5 kg")).toEqual([{ tag: "weight", text: "12.5" }]);
  expect(matcher.match("OVERLOAD")).toBeUndefined();
});

test.each([
  ["12.5", 12.5],
  [" +  12.50 ", 12.5],
  ["-.5", -0.5],
  ["7.", 7],
  ["1.5e3", 1500],
  ["-0", -0],
])("reads %j as a number", (text, value) => {
  expect(parseStrictNumber(text)).toBe(value);
});

test.each([
  "",
  " ",
  "12,5",
  "1 2",
  "0x10",
  "1e999",
  "Infinity",
  "NaN",
  "--1",
  "1.2.3",
  "12kg",
  ".",
])("does not take %j for a number", (text) => {
  expect(parseStrictNumber(text)).toBeUndefined();
});

test("a number is what Number() reads as well, for any text", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.double().map(String)), (text) => {
      const value = parseStrictNumber(text);
      if (value === undefined) return;
      expect(value).toBe(Number(text.replace(/\s+/g, "")));
    }),
  );
});

test("a sample shows what can be printed, and the first bytes", () => {
  expect(sampleOf(Buffer.from("\x02 12.5\xb0\r", "latin1"))).toEqual({
    text: ". 12.5..",
    hex: "02 20 31 32 2e 35 b0 0d",
  });
  expect(sampleOf(Buffer.alloc(500, 0x41))).toEqual({
    text: `${"A".repeat(80)}…`,
    hex: `${Array.from({ length: 16 }, () => "41").join(" ")} …`,
  });
});
