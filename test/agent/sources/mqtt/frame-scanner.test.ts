import { generate, type Packet } from "mqtt-packet";
import { describe, expect, test } from "vitest";
import { FrameScanner } from "#agent/sources/mqtt/frame-scanner.ts";
import { RateBudget } from "#agent/sources/mqtt/rate-budget.ts";
import { fc } from "#test/support/properties.ts";

const LIMITS = { publishBytesMax: 100_000 };

const CONNECT = generate({
  cmd: "connect",
  protocolId: "MQTT",
  protocolVersion: 4,
  clientId: "c",
  clean: true,
  keepalive: 10,
});

const packet: fc.Arbitrary<Packet> = fc.oneof(
  fc.constant<Packet>({ cmd: "pingreq" }),
  fc.nat(65_534).map((id): Packet => ({ cmd: "puback", messageId: id + 1 })),
  fc.nat(50_000).map(
    (bytes): Packet => ({
      cmd: "publish",
      topic: "a/b",
      payload: Buffer.alloc(bytes),
      qos: 1,
      messageId: 1,
      dup: false,
      retain: false,
    }),
  ),
);

describe("the frame scanner", () => {
  test("finds the ends of packets however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(packet),
        fc.array(fc.integer({ min: 1, max: 3000 })),
        (packets, cuts) => {
          const bytes = Buffer.concat([CONNECT, ...packets.map((one) => generate(one))]);
          const scanner = new FrameScanner(LIMITS);
          let at = 0;
          for (const cut of [...cuts, bytes.length]) {
            expect(scanner.scan(bytes.subarray(at, at + cut))).toBeUndefined();
            at += cut;
          }
          expect(scanner.isMidPacket).toBe(false);
          expect(scanner.publishes).toBe(packets.filter(({ cmd }) => cmd === "publish").length);
          scanner.scan(Uint8Array.from([0xc0]));
          expect(scanner.isMidPacket).toBe(true);
        },
      ),
    );
  });

  test.each([
    ["a first packet that is no CONNECT", [0xc0], "no connect"],
    ["a CONNECT beyond 16 KiB", [0x10, 0x81, 0x80, 0x01], "packet too large"],
  ])("refuses %s", (_, bytes, fault) => {
    expect(new FrameScanner(LIMITS).scan(Uint8Array.from(bytes))).toBe(fault);
  });

  test.each([
    ["a PUBLISH beyond its limit", [0x30, 0xa1, 0x8d, 0x06], "packet too large"],
    ["a PUBACK of 3 bytes", [0x40, 3], "packet too large"],
    ["a length of five bytes", [0x30, 0x80, 0x80, 0x80, 0x80], "malformed header"],
  ])("refuses %s", (_, bytes, fault) => {
    const scanner = new FrameScanner(LIMITS);
    expect(scanner.scan(CONNECT)).toBeUndefined();
    expect(scanner.scan(Uint8Array.from(bytes))).toBe(fault);
  });
});

describe("a rate budget", () => {
  test("lets a second's worth through at once, and then the rate", () => {
    const budget = new RateBudget(100, 0);
    budget.spend(100);
    expect(budget.waitMs(0)).toBe(10);
    expect(budget.waitMs(10)).toBe(0);
    budget.spend(51);
    expect(budget.waitMs(10)).toBe(510);
    expect(budget.waitMs(520)).toBe(0);
  });

  test("saves up no more than a second's worth", () => {
    const budget = new RateBudget(100, 0);
    budget.spend(100);
    expect(budget.waitMs(3_600_000)).toBe(0);
    budget.spend(100);
    expect(budget.waitMs(3_600_000)).toBe(10);
  });
});
