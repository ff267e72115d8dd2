import { describe, expect, test } from "vitest";
import { type Frame, FrameReader, type ProtocolHeader } from "#cloud/hub/amqp/frame-reader.ts";
import {
  acceptedFrame,
  flowFrame,
  heartbeatFrame,
  protocolHeader,
} from "#cloud/hub/amqp/frames.ts";
import { DecodeError } from "#cloud/hub/amqp/walk.ts";
import { fc } from "#test/support/properties.ts";
import { thrownBy } from "../thrown-by.ts";

const WINDOW = { nextIncomingId: 1, incomingWindow: 2, nextOutgoingId: 3, outgoingWindow: 4 };
const STREAM = Buffer.concat([
  protocolHeader(0),
  heartbeatFrame,
  flowFrame(3, WINDOW),
  acceptedFrame(1, 7, 9),
]);

function readAll(parts: Buffer[], frameBytesMax = 4096): (Frame | ProtocolHeader)[] {
  const items: (Frame | ProtocolHeader)[] = [];
  const reader = new FrameReader(frameBytesMax, (item) => {
    items.push(item.kind === "frame" ? { ...item, bytes: Buffer.from(item.bytes) } : item);
    return true;
  });
  for (const part of parts) reader.push(part);
  return items;
}

function cutAt(stream: Buffer, cuts: number[]): Buffer[] {
  const at = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
  return at.slice(1).map((end, i) => stream.subarray(at[i], end));
}

describe("the frame reader", () => {
  test("gives the same frames however the stream is cut", () => {
    const whole = readAll([STREAM]);
    expect(whole.map((item) => (item.kind === "frame" ? item.code : "header"))).toEqual([
      "header",
      undefined,
      0x13,
      0x15,
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 40 }), (cuts) => {
        expect(readAll(cutAt(STREAM, cuts))).toEqual(whole);
      }),
    );
  });

  test("refuses a frame from its announced size, before its bytes arrive", () => {
    expect(() => readAll([Buffer.from("ffffffff02000000", "hex")])).toThrow(DecodeError);
    expect(() => readAll([Buffer.from("0000000002000000", "hex")])).toThrow(DecodeError);
  });

  test("keeps at most one frame of a client that sends byte by byte", () => {
    const announced = Buffer.from("0000100002000000", "hex");
    const before = process.memoryUsage().arrayBuffers;
    const drip = Array.from({ length: 4000 }, () => Buffer.alloc(1));
    expect(readAll([announced, ...drip])).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });

  test("meets random bytes with a DecodeError or with patience", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
        const thrown = thrownBy(() => readAll([Buffer.from(random)]));
        expect(thrown === undefined || thrown instanceof DecodeError).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
