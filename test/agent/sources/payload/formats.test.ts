import { describe, expect, test } from "vitest";
import type { TopicRule } from "#config/gateway/mqtt.ts";
import { decode, NOW } from "./decode.ts";

const valuesOf = (payload: string, rule: Partial<TopicRule>): unknown[] =>
  decode(payload, rule).readings.map(({ value }) => value);

describe("plain text payloads", () => {
  const rule = { tag: "t", format: "text" } as const;

  test.each([
    ["21.5", 21.5],
    [" -3e2\r\n", -300],
    ["12,5", "12,5"],
    ["0x10", "0x10"],
    ["ON", "ON"],
    ['{"a":1}', '{"a":1}'],
  ])("are a number or a text: %j", (payload, value) => {
    expect(valuesOf(payload, rule)).toEqual([value]);
  });

  test("may have a decimal comma, and then no point", () => {
    expect(valuesOf("12,5", { ...rule, decimal: "," })).toEqual([12.5]);
    expect(valuesOf("12.5", { ...rule, decimal: "," })).toEqual(["12.5"]);
  });

  test("are bad when they say that there is no number", () => {
    const { readings } = decode("NaN", rule);
    expect(readings).toEqual([
      { tag: "t", ts: NOW, value: null, quality: "bad", reason: "not a number" },
    ]);
  });

  test.each(["1e400", "-1e1000", "1e99999"])("are bad beyond all numbers: %s", (payload) => {
    expect(decode(payload, rule).readings).toMatchObject([
      { value: null, quality: "bad", reason: "not a number" },
    ]);
  });

  test.each(["12345678901234567891", "-9007199254740993"])("keep the digits of %s", (payload) => {
    expect(decode(payload, rule).readings).toMatchObject([
      { value: payload, quality: "uncertain", reason: "integer beyond 2^53" },
    ]);
  });

  test("are malformed when they are empty, or nothing names the tag", () => {
    expect(() => decode(" ", rule)).toThrow("empty");
    expect(() => decode("1", { format: "text" })).toThrow("neither topic nor rule has a tag");
  });
});

describe("CSV payloads", () => {
  const rule: Partial<TopicRule> = { format: "csv", columns: ["ts", "a", "_", "b"] };

  test("are a reading a column, with the line's time", () => {
    const payload = "1763700000000,1.5,ignored,x\r\n1763700001000,2.5,ignored,y\n";
    expect(decode(payload, rule)).toEqual({
      readings: [
        { tag: "a", ts: 1763700000000, value: 1.5, quality: "good" },
        { tag: "b", ts: 1763700000000, value: "x", quality: "good" },
        { tag: "a", ts: 1763700001000, value: 2.5, quality: "good" },
        { tag: "b", ts: 1763700001000, value: "y", quality: "good" },
      ],
      areAllTimed: true,
    });
  });

  test("may have another separator and a decimal comma", () => {
    const german = { ...rule, separator: ";", decimal: "," } as const;
    expect(valuesOf("2025-11-21T06:40:00Z;1,5;;-2", german)).toEqual([1.5, -2]);
  });

  test("have no value where a cell is empty", () => {
    const { readings } = decode("1763700000000,,,1", rule);
    expect(readings[0]).toMatchObject({ value: null, quality: "bad", reason: "no value" });
  });

  test("are malformed with a cell too many or too few", () => {
    expect(() => decode("1763700000000,1,2", rule)).toThrow("3 cells in a line, and 4 columns");
    expect(() => decode("1,2,3,4,5", rule)).toThrow("5 cells");
    expect(() => decode("\n", rule)).toThrow("empty");
  });
});

describe("a rule", () => {
  test("may say what texts stand for", () => {
    const values = { ON: true, OFF: false, idle: 0 };
    const payload = '{"a":"ON","b":"OFF","c":"idle","d":"other","e":"constructor"}';
    expect(valuesOf(payload, { values })).toEqual([true, false, 0, "other", "constructor"]);
  });

  test.each([
    ["s", "1763707200.123", 1763707200123],
    ["s", "1.001", 1001],
    ["us", "1763707200123456", 1763707200123],
    ["ns", "1763707200123456789", 1763707200123],
  ] as const)("may say that times are in %s", (time, written, ts) => {
    expect(decode(`{"ts":${written},"a":1}`, { time }).readings[0]?.ts).toBe(ts);
  });
});
