import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import type { Block, Chunk } from "#core/chunk.ts";
import { readingsInBlock } from "#core/chunk.ts";
import { encodeChunk, packEvent, unpackEvent } from "#core/chunk-codec.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import { PenstockError } from "#core/errors.ts";
import { fc } from "#test/support/properties.ts";
import { anyChunk } from "./arbitrary-chunk.ts";

// Many runs each, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000 });

const CODES = ["CHUNK_MALFORMED", "CHUNK_TOO_LARGE", "CHUNK_VERSION_UNKNOWN"];

function chunkOf(block: Partial<Block>): Chunk {
  const whole = { device: "oven-2", tags: ["t"], ts: [0], columns: [[1]], marks: [], ...block };
  return {
    id: { gateway: "hall-3", epoch: "e", lane: 5, seq: 17 },
    content: { kind: "readings", blocks: [whole] },
  };
}

const FATES = [...CODES, "accepted"];

/** The error's code, or `accepted`; anything else that is thrown fails the test. */
function fateOf(run: () => unknown): string {
  try {
    run();
    return "accepted";
  } catch (error) {
    if (error instanceof PenstockError && CODES.includes(error.code)) return error.code;
    throw error;
  }
}

function lineFate(line: string | Uint8Array): string {
  return fateOf(() => decodeChunk(Buffer.from(line)));
}

describe("what is encoded", () => {
  test("decodes to the same, whatever it is", () => {
    fc.assert(
      fc.property(anyChunk, (chunk) => {
        expect(decodeChunk(encodeChunk(chunk))).toStrictEqual(chunk);
      }),
      { numRuns: 500 },
    );
  });

  test("is one line each, sent together and told apart again, with a digest of the line", () => {
    fc.assert(
      fc.property(fc.array(anyChunk, { minLength: 1, maxLength: 5 }), (chunks) => {
        const lines = chunks.map(encodeChunk);
        for (const line of lines) expect(line.includes(0x0a)).toBe(false);
        const expected = chunks.map((chunk, i) => ({ ...chunk, digest: crc32(lines[i]!) }));
        expect(unpackEvent(packEvent(lines))).toStrictEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  test("has the same digest however the event is cut", () => {
    const lines = [0, 1, 2].map((seq) => encodeChunk({ ...chunkOf({ ts: [seq] }) }));
    const together = unpackEvent(packEvent(lines)).map((chunk) => chunk.digest);
    const apart = lines.flatMap((line) => unpackEvent(packEvent([line]))).map((c) => c.digest);
    expect(together).toEqual(apart);
  });

  test("keeps the sign of zero, and the smallest number there is", () => {
    const line = encodeChunk(chunkOf({ tags: ["a", "b"], columns: [[-0], [5e-324]] }));
    expect(line.toString()).toContain('"values":[[-0],[5e-324]]');
  });

  test("is what the module's header promises", () => {
    const line = encodeChunk(
      chunkOf({
        tags: ["temperature", "running"],
        ts: [1_763_718_000_000, 1_763_718_001_000],
        columns: [
          [71.2, 71.4],
          [true, null],
        ],
        marks: [{ column: 1, row: 1, quality: "bad", reason: "timeout" }],
      }),
    );
    expect(JSON.parse(line.toString())).toEqual({
      v: 1,
      kind: "readings",
      gateway: "hall-3",
      epoch: "e",
      lane: 5,
      seq: 17,
      blocks: [
        {
          device: "oven-2",
          tags: ["temperature", "running"],
          t: 1_763_718_000_000,
          dt: [1000],
          values: [
            [71.2, 71.4],
            [true, null],
          ],
          quality: [[1, 1, "bad", "timeout"]],
        },
      ],
    });
  });

  test("counts each value of a block as a reading", () => {
    const block = { tags: ["a", "b"], ts: [1, 2, 3], device: "d", columns: [], marks: [] };
    expect(readingsInBlock(block)).toBe(6);
  });
});

describe("a hostile body", () => {
  test("of any bytes is refused by a named error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(CODES).toContain(fateOf(() => unpackEvent(bytes)));
        expect(CODES).toContain(fateOf(() => unpackEvent(gzipSync(bytes))));
      }),
      { numRuns: 300 },
    );
  });

  test("of any JSON is refused by a named error, or understood", () => {
    const head = { v: 1, gateway: "g", epoch: "e", lane: 0, seq: 0 };
    const lists = fc.record({
      kind: fc.constantFrom("readings", "alarm", "meta", "gap"),
      blocks: fc.jsonValue(),
      transitions: fc.jsonValue(),
      series: fc.jsonValue(),
      gaps: fc.jsonValue(),
    });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), lists), (json) => {
        expect(FATES).toContain(lineFate(JSON.stringify(json)));
        expect(FATES).toContain(lineFate(JSON.stringify({ ...head, ...Object(json) })));
      }),
      { numRuns: 500 },
    );
  });

  test("with one byte changed is refused, or differs by its digest", () => {
    const line = encodeChunk(chunkOf({ ts: [1000, 2000], columns: [[71.2, 71.4]] }));
    fc.assert(
      fc.property(fc.nat(line.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(line);
        changed[at] = (changed[at] ?? 0) ^ flip;
        lineFate(changed);
        expect(crc32(changed)).not.toBe(crc32(line));
      }),
    );
  });

  test.each([
    ["nothing", ""],
    ["half a chunk", '{"v":1,"kind":"readings","gatew'],
    ["a list", "[]"],
    ["null", "null"],
    ["a version that cannot be told", '{"v":{"toString":1}}'],
    ["a version nested deeply", `{"v":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["a kind that cannot be told", '{"v":1,"gateway":"g","epoch":"e","lane":0,"seq":0,"kind":{}}'],
    ["a missing identity", '{"v":1,"kind":"readings","blocks":[]}'],
    [
      "a negative seq",
      '{"v":1,"gateway":"g","epoch":"e","lane":0,"seq":-1,"kind":"gap","gaps":[]}',
    ],
  ])("that is %s is refused", (_, line) => {
    expect(CODES).toContain(lineFate(line));
  });

  test.each([
    ["more columns than tags", { values: [[1], [2]] }],
    ["a column too short", { dt: [1] }],
    ["a value beyond all numbers", { values: [["1e999"]] }],
    ["an object for a value", { values: [[{}]] }],
    ["a mark beside the block", { quality: [[0, 1, "bad", "x"]] }],
    ["a mark of good quality", { quality: [[0, 0, "good", "x"]] }],
    ["a mark with half a column", { quality: [[0.5, 0, "bad", "x"]] }],
    ["times that overflow", { t: 1e308, dt: [1e308], values: [[1, 2]] }],
    ["a time that is a text", { t: "0" }],
    ["times that disagree", { t: 1, ts: [2] }],
  ])("with a block of %s is refused", (_, wrong) => {
    const block = { device: "d", tags: ["t"], t: 0, values: [[1]], ...wrong };
    const head = { v: 1, kind: "readings", gateway: "g", epoch: "e", lane: 0, seq: 0 };
    const line = JSON.stringify({ ...head, blocks: [block] }).replace('"1e999"', "1e999");
    expect(lineFate(line)).toBe("CHUNK_MALFORMED");
  });

  test("of a version from tomorrow is told apart from damage", () => {
    expect(lineFate('{"v":2}')).toBe("CHUNK_VERSION_UNKNOWN");
  });

  test("that inflates to a gigabyte costs no more than its bound", () => {
    const megabyte = gzipSync(Buffer.alloc(1024 * 1024, " "));
    const bomb = Buffer.concat(Array.from({ length: 1024 }, () => megabyte));
    expect(gunzipSync(megabyte)).toHaveLength(1024 * 1024);
    expect(fateOf(() => unpackEvent(bomb))).toBe("CHUNK_TOO_LARGE");
  });

  test("of too many chunks is refused before they are decoded", () => {
    const line = encodeChunk(chunkOf({}));
    const body = packEvent(Array.from({ length: 4097 }, () => line));
    expect(fateOf(() => unpackEvent(body))).toBe("CHUNK_TOO_LARGE");
    expect(unpackEvent(packEvent(Array.from({ length: 4096 }, () => line)))).toHaveLength(4096);
  });

  test("brings times of alarms within what dates can be, so that people can be shown them", () => {
    const head = { v: 1, kind: "alarm", gateway: "g", epoch: "e", lane: 0, seq: 0 };
    const place = { id: "1", device: "d", tag: "t", rule: "limit-h", state: "active" };
    const told = { ...place, priority: "high", value: 1, expected: 0, message: "hot" };
    const transitions = [{ ...told, ts: 1e300, since: -1e300 }];
    const { content } = decodeChunk(Buffer.from(JSON.stringify({ ...head, transitions })));
    expect(content).toEqual({
      kind: "alarm",
      transitions: [{ ...told, ts: 8.64e15, since: -8.64e15 }],
    });
  });

  test("of a million wrong items is refused by their number", () => {
    const items = Array.from({ length: 1_000_000 }, () => 0);
    const head = { v: 1, kind: "alarm", gateway: "g", epoch: "e", lane: 0, seq: 0 };
    expect(lineFate(JSON.stringify({ ...head, transitions: items }))).toBe("CHUNK_TOO_LARGE");
  });
});
