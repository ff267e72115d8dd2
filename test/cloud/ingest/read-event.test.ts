import type { ReceivedEventData } from "@azure/event-hubs";
import { describe, expect, test } from "vitest";
import { readBody, readEvent } from "#cloud/ingest/read-event.ts";
import type { ChunkContent, ChunkId } from "#core/chunk.ts";
import { encodeChunk, packEvent } from "#core/chunk-codec.ts";
import { block, chunkId, MINUTE, readings } from "#test/contracts/store-fixtures.ts";
import { fc } from "#test/support/properties.ts";

function bodyOf(id: ChunkId, content: ChunkContent): Buffer {
  return packEvent([encodeChunk({ id, content })]);
}

function received(properties?: Record<string, unknown>): ReceivedEventData {
  return {
    body: bodyOf(chunkId(0), readings(block([1]))),
    sequenceNumber: 1,
    offset: "1",
    enqueuedTimeUtc: new Date(MINUTE),
    partitionKey: null,
    ...(properties && { properties }),
    getRawAmqpMessage: () => ({ body: undefined, bodyType: "data" }),
  };
}

const transition = {
  id: "a1",
  device: "pump",
  tag: "flow",
  rule: "limit-h",
  state: "active" as const,
  priority: "high" as const,
  ts: MINUTE,
  value: 2,
  expected: 1,
  message: "too high",
};

describe("reading an event", () => {
  test("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, packed) => {
        const body = packed ? packEvent([bytes]) : bytes;
        expect(readBody(body).kind).toBe("poison");
      }),
    );
  });

  test("survives JSON that is nested to the stack's end", () => {
    const deep = Buffer.from(`{"v":1,"kind":"meta","series":${"[".repeat(5_000_000)}`);
    expect(readBody(packEvent([deep]))).toMatchObject({ kind: "poison", code: "CHUNK_MALFORMED" });
  });

  test.each([
    ["too long", "x".repeat(257)],
    ["half a surrogate pair", "pump \ud800"],
    ["a NUL", "pump\u0000"],
  ])("refuses a name that is no key for a database: %s", (_, name) => {
    const of = [
      bodyOf(chunkId(0, { gateway: name }), readings(block([1]))),
      bodyOf(chunkId(0, { epoch: name }), readings(block([1]))),
      bodyOf(chunkId(0), readings(block([1], MINUTE, name))),
      bodyOf(chunkId(0), readings(block([1], MINUTE, "pump", name))),
      bodyOf(chunkId(0), { kind: "meta", series: [{ device: name, tag: "flow" }] }),
      ...(["id", "device", "tag", "rule", "unit", "feature"] as const).map((key) =>
        bodyOf(chunkId(0), { kind: "alarm", transitions: [{ ...transition, [key]: name }] }),
      ),
      bodyOf(chunkId(0), { kind: "gap", gaps: [{ epoch: name, readings: 0, reason: "" }] }),
    ];
    expect(of.map((body) => readBody(body).kind)).toEqual(of.map(() => "poison"));
  });

  test("refuses a gateway, and alarms, under the names of the sink's own", () => {
    const sink = bodyOf(chunkId(0, { gateway: "(sink)" }), readings(block([1])));
    const { content } = readEvent({ ...received(), body: sink });
    expect(content).toMatchObject({
      code: "CHUNK_MALFORMED",
      reason: expect.stringContaining("calls itself (sink)"),
    });
    const told = (tag: string): string => {
      const transitions = [{ ...transition, device: "(gateway)", tag }];
      return readBody(bodyOf(chunkId(0), { kind: "alarm", transitions })).kind;
    };
    expect([told("(stream)"), told("(buffer)"), told("rs485-a")]).toEqual([
      "poison",
      "chunks",
      "chunks",
    ]);
  });

  test("refuses an alarm whose message would fill a journal, or is no text", () => {
    const messages = ["x".repeat(16_384), "x".repeat(16_385), "a\u0000b", "\ud800"];
    const kinds = messages.map((message) => {
      const transitions = [Object.assign({}, transition, { message })];
      return readBody(bodyOf(chunkId(0), { kind: "alarm", transitions })).kind;
    });
    expect(kinds).toEqual(["chunks", "poison", "poison", "poison"]);
  });

  test("refuses a gap that ends before it begins, or holds less than nothing", () => {
    const gap = { fromSeq: 5, toSeq: 4, readings: 1, reason: "buffer full" };
    const backwards = bodyOf(chunkId(0), { kind: "gap", gaps: [gap] });
    expect(readBody(backwards)).toMatchObject({ kind: "poison", code: "CHUNK_MALFORMED" });
    const negative = bodyOf(chunkId(0), {
      kind: "gap",
      gaps: [{ ...gap, toSeq: 5, readings: -1 }],
    });
    expect(readBody(negative)).toMatchObject({ kind: "poison", code: "CHUNK_MALFORMED" });
  });

  test("tells its reason as text that any database takes", () => {
    const quoted = readBody(packEvent([Buffer.from('{"v":1,"kind":"x\\u0000\\ud800"}')]));
    expect(quoted).toMatchObject({ kind: "poison" });
    const reason = quoted.kind === "poison" ? quoted.reason : "";
    expect(reason.isWellFormed()).toBe(true);
    expect(reason).not.toContain("\0");
  });

  test("takes names of any script, and times up to a date's end", () => {
    const body = bodyOf(chunkId(0), readings(block([1], 8.64e15, "печь 2 🏭", "温度")));
    expect(readBody(body)).toMatchObject({ kind: "chunks" });
    expect(readBody(bodyOf(chunkId(0), readings(block([1], 8.65e15)))).kind).toBe("poison");
  });

  test("takes the marks of the sender, and does without those of an older one", () => {
    expect(readEvent(received({ backlog: true, owedFrom: 7 }))).toMatchObject({
      isBacklog: true,
      owedFrom: 7,
    });
    for (const properties of [undefined, {}, { backlog: "yes", owedFrom: -1 }]) {
      const delivery = readEvent(received(properties));
      expect(delivery.content.kind).toBe("chunks");
      expect("isBacklog" in delivery || "owedFrom" in delivery).toBe(false);
    }
  });
});
