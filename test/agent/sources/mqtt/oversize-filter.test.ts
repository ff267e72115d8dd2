import { generate, type IPublishPacket } from "mqtt-packet";
import { expect, test } from "vitest";
import { type Oversize, OversizeFilter } from "#agent/sources/mqtt/oversize-filter.ts";
import { fc } from "#test/support/properties.ts";

const BYTES_MAX = 300;
const TOPIC = "plant/größe";

function publish(payloadBytes: number, qos: 0 | 1 | 2, messageId: number): IPublishPacket {
  const payload = Buffer.alloc(payloadBytes, 0x30);
  const rest = { dup: false, retain: false, ...(qos > 0 && { messageId }) };
  return { cmd: "publish", topic: TOPIC, payload, qos, ...rest };
}

function filtered(parts: readonly Buffer[]): { passed: Buffer; found: Oversize[] } {
  const found: Oversize[] = [];
  const filter = new OversizeFilter(BYTES_MAX, (message) => found.push(message));
  return { passed: Buffer.concat(parts.map((part) => filter.pass(part))), found };
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % bytes.length), bytes.length].toSorted(
    (a, b) => a - b,
  );
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

const packets = fc.array(
  fc.record({
    payloadBytes: fc.oneof(fc.nat(280), fc.integer({ min: 280, max: 40_000 })),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
    messageId: fc.integer({ min: 1, max: 0xffff }),
  }),
  { minLength: 1, maxLength: 8 },
);

test("what is too large is left out, and nothing else, however the stream is cut", () => {
  fc.assert(
    fc.property(packets, fc.array(fc.nat(), { maxLength: 30 }), (sent, places) => {
      const encoded = sent.map((each) => {
        const bytes = generate(publish(each.payloadBytes, each.qos, each.messageId));
        const bodyBytes = 2 + Buffer.byteLength(TOPIC) + (each.qos > 0 ? 2 : 0) + each.payloadBytes;
        return { ...each, bytes, bodyBytes, isLarge: bodyBytes > BYTES_MAX };
      });
      const pong = generate({ cmd: "pingresp" });
      const stream = Buffer.concat(encoded.flatMap(({ bytes }) => [pong, bytes]));
      const { passed, found } = filtered(cutAt(stream, places));
      const small = encoded.flatMap(({ bytes, isLarge }) => (isLarge ? [pong] : [pong, bytes]));
      expect(passed.equals(Buffer.concat(small))).toBe(true);
      expect(found).toEqual(
        encoded
          .filter(({ isLarge }) => isLarge)
          .map(({ bodyBytes, qos, messageId }) => ({
            topic: TOPIC,
            bytes: bodyBytes,
            messageId: qos > 0 ? messageId : undefined,
          })),
      );
    }),
  );
});

test("any bytes are passed on or left out, and nothing else happens", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 600 })), (parts) => {
      const { passed } = filtered(parts.map((part) => Buffer.from(part)));
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      expect(passed.length).toBeLessThanOrEqual(bytes);
    }),
  );
});

test("what is no MQTT goes to the parser, which says so", () => {
  const bytes = Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3]);
  expect(filtered([bytes]).passed.equals(bytes)).toBe(true);
});
