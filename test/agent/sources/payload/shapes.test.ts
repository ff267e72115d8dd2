import { describe, expect, test } from "vitest";
import { decode, NOW } from "./decode.ts";

const T = 1_763_700_000_000;
const good = (tag: string, value: unknown, ts = NOW): unknown => ({
  tag,
  ts,
  value,
  quality: "good",
});

describe("payloads of one tag", () => {
  test.each([
    ["a number", "21.5", 21.5],
    ["a negative zero", "-0", -0],
    ["a subnormal number", "5e-324", 5e-324],
    ["a boolean", "true", true],
    ["a text", '"open"', "open"],
  ])("are %s alone", (_, payload, value) => {
    const { readings, areAllTimed } = decode(payload, { tag: "t" });
    expect(readings).toEqual([good("t", value)]);
    expect(areAllTimed).toBe(false);
  });

  test("are an object of value, time and quality", () => {
    const payload = `{"value":7,"ts":${T},"quality":"uncertain","reason":"warming up"}`;
    expect(decode(payload, { tag: "t" })).toEqual({
      readings: [{ tag: "t", ts: T, value: 7, quality: "uncertain", reason: "warming up" }],
      areAllTimed: true,
    });
  });

  test("are a list of such objects", () => {
    const payload = `[{"value":1,"ts":${T}},{"value":2,"ts":${T + 1}}]`;
    const { readings } = decode(payload, { tag: "t" });
    expect(readings).toEqual([good("t", 1, T), good("t", 2, T + 1)]);
  });

  test("may hold value and time elsewhere, by paths", () => {
    const payload = `{"d":{"v":[3,4]},"t":${T}}`;
    const { readings } = decode(payload, { tag: "t", value: "$.d.v[1]", ts: "$.t" });
    expect(readings).toEqual([good("t", 4, T)]);
  });

  test("apply the paths to each item of a list", () => {
    const payload = `[{"v":1,"t":${T}},{"v":2,"t":${T + 5}}]`;
    const { readings } = decode(payload, { tag: "t", value: "$.v", ts: "$.t" });
    expect(readings).toEqual([good("t", 1, T), good("t", 2, T + 5)]);
  });

  test.each([
    ["an object without value", "{}"],
    ["a value that is an object", '{"value":{}}'],
    ["a list of bare numbers", "[1,2]"],
    ["a list of lists", "[[1]]"],
  ])("are malformed when they are %s", (_, payload) => {
    expect(() => decode(payload, { tag: "t" })).toThrow(
      expect.objectContaining({ code: "PAYLOAD_MALFORMED" }),
    );
  });

  test("are malformed when nothing stands at the path", () => {
    expect(() => decode('{"a":1}', { tag: "t", value: "$.b" })).toThrow("value path");
  });
});

describe("payloads of several tags", () => {
  test("are a flat object, with one time for all", () => {
    const { readings, areAllTimed } = decode(`{"ts":${T},"a":1,"b":false,"c":"x"}`);
    expect(readings).toEqual([good("a", 1, T), good("b", false, T), good("c", "x", T)]);
    expect(areAllTimed).toBe(true);
  });

  test("are a list of flat objects, each with its time", () => {
    const { readings } = decode(`[{"ts":${T},"a":1},{"ts":${T + 1},"a":2}]`);
    expect(readings).toEqual([good("a", 1, T), good("a", 2, T + 1)]);
  });

  test("are readings that name their tag", () => {
    const { readings } = decode(`[{"tag":"a","value":1,"ts":${T}},{"tag":"b","value":2}]`);
    expect(readings).toEqual([good("a", 1, T), good("b", 2)]);
  });

  test("may hold an object with value and time of its own", () => {
    const { readings } = decode(`{"ts":${T},"a":{"value":1,"ts":${T + 9}},"b":{"value":2}}`);
    expect(readings).toEqual([good("a", 1, T + 9), good("b", 2, T)]);
  });

  test("may stand below a path, with the time beside it", () => {
    const { readings } = decode(`{"when":${T},"data":{"a":1}}`, {
      value: "$.data",
      ts: "$.when",
    });
    expect(readings).toEqual([good("a", 1, T)]);
  });

  test("do not take the time for a tag, wherever the rule says that it is", () => {
    expect(decode(`{"t":${T},"a":1}`, { ts: "$.t" }).readings).toEqual([good("a", 1, T)]);
  });

  test("leave out nested objects and lists", () => {
    expect(decode('{"a":1,"b":{"c":2},"d":[3]}').readings).toEqual([good("a", 1)]);
  });

  test("are malformed when they are a lone value", () => {
    expect(() => decode("12")).toThrow("neither topic nor rule has a tag");
  });

  test("are malformed as a whole beyond 5000 readings", () => {
    const members = Array.from({ length: 5001 }, (_, i) => `"t${i}":${i}`);
    expect(() => decode(`{${members.join(",")}}`)).toThrow("5000 readings");
  });
});
