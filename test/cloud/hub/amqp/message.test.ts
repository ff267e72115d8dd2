import rhea from "rhea";
import { describe, expect, test } from "vitest";
import { readBatchShape, readMessageShape } from "#cloud/hub/amqp/message-sections.ts";
import { storedBytesMax, writeStoredMessage } from "#cloud/hub/amqp/stored-message.ts";
import { DecodeError, skipValue } from "#cloud/hub/amqp/walk.ts";
import { fc } from "#test/support/properties.ts";
import { thrownBy } from "../thrown-by.ts";

const FULL = rhea.message.encode({
  durable: true,
  delivery_annotations: { hop: 1 },
  message_annotations: { "x-opt-partition-key": "k1", "x-opt-offset": "pretended" },
  message_id: "m1",
  application_properties: { a: 1, b: "x", c: true, d: new Date(5) },
  body: rhea.message.data_section(Buffer.from("hello")),
  footer: { sum: 5 },
});

const ADDED = {
  sequenceNumber: 2 ** 33 + 5,
  offset: 12_345,
  enqueuedTimeMs: 1_700_000_000_123,
  isIdempotent: false,
};

function stored(message: Buffer): Buffer {
  const shape = readMessageShape(message, 0, message.length);
  const out = Buffer.alloc(storedBytesMax(shape));
  return out.subarray(0, writeStoredMessage(out, 0, message, shape, ADDED));
}

describe("the stored form of a message", () => {
  test("carries the hub's annotations, drops pretended ones, and keeps the rest byte for byte", () => {
    const decoded = rhea.message.decode(stored(FULL));
    expect(decoded["message_annotations"]).toMatchObject({
      "x-opt-partition-key": "k1",
      "x-opt-sequence-number": 2 ** 33 + 5,
      "x-opt-offset": "12345",
    });
    expect(decoded["message_annotations"]["x-opt-enqueued-time"].getTime()).toBe(1_700_000_000_123);
    expect(decoded["delivery_annotations"]).toBeUndefined();
    expect(decoded).toMatchObject({ durable: true, message_id: "m1" });
    expect(decoded["application_properties"]).toEqual({ a: 1, b: "x", c: true, d: new Date(5) });
    expect(decoded["body"].content).toEqual(Buffer.from("hello"));
    expect(decoded["footer"]).toEqual({ sum: 5 });
  });

  test.each([
    ["an object", { a: [1, 2, { c: true }] }],
    ["text", "plain"],
    ["null", null],
    ["5 kB of bytes", rhea.message.data_section(Buffer.alloc(5000, 1))],
  ])("holds a body of %s", (_name, body) => {
    const message = rhea.message.encode({ body });
    const decoded = rhea.message.decode(stored(message));
    expect(decoded["body"]).toEqual(rhea.message.decode(message)["body"]);
  });
});

describe("damaged messages", () => {
  test("are either refused with a DecodeError or decoded by rhea without trouble", () => {
    const damage = fc.array(fc.tuple(fc.nat(FULL.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, fc.nat(FULL.length), (changes, cutAt) => {
        const bytes = Buffer.from(FULL);
        for (const [at, value] of changes) bytes[at] = value;
        const message = cutAt % 5 === 0 ? bytes.subarray(0, cutAt) : bytes;
        const refusal = thrownBy(() => readMessageShape(message, 0, message.length));
        const trouble = thrownBy(() => refusal ?? rhea.message.decode(message));
        expect(trouble).toBeUndefined();
        expect(refusal === undefined || refusal instanceof DecodeError).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test("a batch of random bytes is a DecodeError or walked to its end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        const thrown = thrownBy(() => readBatchShape(Buffer.from(random)));
        expect(thrown === undefined || thrown instanceof DecodeError).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["100,000 nested descriptors", Buffer.alloc(100_000, 0)],
    ["an array of 2³¹ nulls", Buffer.from("f00000000a7fffffff4040404040", "hex")],
    ["a list of 2³² − 1 items", Buffer.from("d00000000affffffff404040404040", "hex")],
    ["a binary of 4 GiB", Buffer.from("b0ffffffff00", "hex")],
  ])("%s are refused at once", (_name, bytes) => {
    const startMs = performance.now();
    expect(() => skipValue(bytes, 0, bytes.length)).toThrow(DecodeError);
    expect(performance.now() - startMs).toBeLessThan(100);
  });
});
