import { describe, expect, test } from "vitest";
import { parseStrictJson } from "#agent/sources/payload/strict-json.ts";
import { PenstockError } from "#core/errors.ts";
import { fc } from "#test/support/properties.ts";
import { decode, NOW } from "./decode.ts";

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

function outcomeOf(payload: Uint8Array, tag: string | undefined): string {
  try {
    decode(payload, tag === undefined ? {} : { tag });
    return "readings";
  } catch (error) {
    return error instanceof PenstockError ? error.code : String(error);
  }
}

describe("strict JSON", () => {
  test("does not take a number of very many digits apart, which costs the square of their number", () => {
    const text = "9".repeat(200_000);
    expect(parseStrictJson(text)).toBe(BigInt("9".repeat(1100)));
    expect(decode(text, { tag: "t" }).readings).toMatchObject([
      { value: "9".repeat(1024), quality: "uncertain", reason: "integer beyond 2^53" },
    ]);
  });

  test.each([
    ["nothing", ""],
    ["white space", "  "],
    ["a truncated object", '{"a":1'],
    ["a truncated text", '{"a":"x'],
    ["a byte order mark", '\uFEFF{"a":1}'],
    ["a comma as decimal sign", '{"a":12,5}'],
    ["a leading zero", "010"],
    ["a key that stands twice", '{"a":1,"a":2}'],
    ["a key that stands twice in another spelling", String.raw`{"a":1,"\u0061":2}`],
    ["a key that stands twice further down", '{"x":[{"a":1,"a":2}]}'],
    ["__proto__", '{"__proto__":{"a":1}}'],
    ["__proto__ in another spelling", String.raw`{"\u005f_proto__":1}`],
    ["33 levels", nested(33)],
    ["a depth bomb", "[".repeat(200_000)],
    ["two values", "1 2"],
    ["a comment", "1 // one"],
    ["NaN within a word", "[xNaN]"],
    ["an unterminated text after NaN", String.raw`[NaN,"\"\"\"`],
  ])("refuses %s", (_, text) => {
    expect(() => parseStrictJson(text)).toThrow(
      expect.objectContaining({ code: "PAYLOAD_MALFORMED" }),
    );
  });

  test("refuses a hostile text of escaped quotes within a second", () => {
    const text = `[NaN,"${String.raw`\"`.repeat(120_000)}`;
    const startMs = performance.now();
    expect(() => parseStrictJson(text)).toThrow(PenstockError);
    expect(performance.now() - startMs).toBeLessThan(1000);
  });

  test("refuses bytes that are no UTF-8", () => {
    expect(() => decode(Buffer.from([0x22, 0xff, 0x22]), { tag: "t" })).toThrow("not UTF-8");
    // A surrogate, encoded as if it were a character.
    expect(() => decode(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), { tag: "t" })).toThrow(
      "not UTF-8",
    );
  });

  test("takes 32 levels", () => {
    expect(JSON.stringify(parseStrictJson(nested(32)))).toBe(nested(32));
  });

  test("does not count brackets, colons and words within texts", () => {
    const json = { 'a":{[': "NaN ::: [[[ \\", b: "}" };
    expect(parseStrictJson(JSON.stringify(json))).toEqual(json);
  });

  test("keeps all digits of a large whole number", () => {
    expect(parseStrictJson("[9007199254740993,-18446744073709551615,1e300,0.5]")).toEqual([
      9007199254740993n,
      -18446744073709551615n,
      1e300,
      0.5,
    ]);
  });

  test("reads all that JSON.stringify writes, to the same", () => {
    fc.assert(
      fc.property(
        // The generator's own keys may be __proto__, and its numbers beyond the safe integers.
        fc.jsonValue({ maxDepth: 5 }).filter((json) => !/__proto__/.test(JSON.stringify(json))),
        (json) => {
          const text = JSON.stringify(json);
          if (/\d{16}/.test(text)) return;
          expect(parseStrictJson(text)).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  test("answers any bytes with readings or a refusal, never otherwise", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .array(
          fc.constantFrom(
            ...Array.from('{}[]":,0123456789.eE-+ntfNaI\\u \n'),
            "NaN",
            "true",
            '"ts"',
          ),
        )
        .map((parts) => Buffer.from(parts.join(""))),
    );
    fc.assert(
      fc.property(bytes, fc.option(fc.constant("t"), { nil: undefined }), (payload, tag) => {
        expect(["readings", "PAYLOAD_MALFORMED"]).toContain(outcomeOf(payload, tag));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("values that cannot be kept as they are", () => {
  test.each([
    ["null", null, "bad", "no value"],
    ["1e999", null, "bad", "not a number"],
    ["-1e999", null, "bad", "not a number"],
    ["NaN", null, "bad", "not a number"],
    ["-Infinity", null, "bad", "not a number"],
    ["9007199254740993", "9007199254740993", "uncertain", "integer beyond 2^53"],
    [`"${"x".repeat(2000)}"`, "x".repeat(1024), "uncertain", "text cut"],
  ])("say so: %s", (json, value, quality, reason) => {
    const expected = [{ tag: "t", ts: NOW, value, quality, reason }];
    expect(decode(json, { tag: "t" }).readings).toEqual(expected);
    expect(decode(`{"t":${json}}`).readings).toEqual(expected);
  });

  test("are never converted: text stays text, and a boolean a boolean", () => {
    const { readings } = decode('{"a":"12,5","b":"1e3","c":"21","d":true}');
    expect(readings.map(({ value }) => value)).toEqual(["12,5", "1e3", "21", true]);
  });

  test("lose what no database can store", () => {
    const { readings } = decode(String.raw`{"a":"x\u0000y","b":"\ud800"}`);
    expect(readings.map(({ value }) => value)).toEqual(["x\uFFFDy", "\uFFFD"]);
  });

  test("keep the worse of the sender's quality and their own", () => {
    const { readings } = decode(
      '[{"tag":"a","value":null,"quality":"good"},{"tag":"b","value":1,"quality":"bad"},' +
        '{"tag":"c","value":1,"quality":"perfect"},{"tag":"d","value":NaN,"quality":"uncertain"}]',
    );
    expect(readings.map(({ quality, reason }) => [quality, reason])).toEqual([
      ["bad", "no value"],
      ["bad", "bad at the source"],
      ["uncertain", "quality unknown"],
      ["bad", "not a number"],
    ]);
  });
});
