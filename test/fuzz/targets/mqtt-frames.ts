/** Streams of MQTT, of a client and of an outside broker, before any of it is buffered. */
import { generate, type Packet } from "mqtt-packet";
import { FrameScanner } from "#agent/sources/mqtt/frame-scanner.ts";
import { OversizeFilter } from "#agent/sources/mqtt/oversize-filter.ts";
import { createRandom } from "#core/random.ts";
import { pieces } from "../mutation.ts";
import { type FuzzTarget, holds } from "../target.ts";

const PACKETS: readonly Packet[] = [
  {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clientId: "c",
    clean: true,
    keepalive: 10,
  },
  { cmd: "publish", topic: "a/b", payload: "1", qos: 1, messageId: 1, dup: false, retain: false },
  { cmd: "subscribe", messageId: 2, subscriptions: [{ topic: "#", qos: 1 }] },
  { cmd: "pingreq" },
  { cmd: "puback", messageId: 3 },
];

const BYTES = PACKETS.map((packet) => generate(packet));

/** The first fault, after which a connection is closed. */
function faultIn(parts: readonly Uint8Array[]): string | undefined {
  const scanner = new FrameScanner({ publishBytesMax: 1000 });
  for (const part of parts) {
    const fault = scanner.scan(part);
    if (fault) return fault;
  }
  return undefined;
}

const HEADERS = [
  Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]),
  Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80]),
];

export const frames: FuzzTarget = {
  name: "mqtt-frames",
  describe: "MQTT control packets in a client's stream",
  seeds: [Buffer.concat(BYTES), ...BYTES],
  dictionary: HEADERS,
  feed(input) {
    const parted = pieces(input, createRandom(input.length));
    holds(faultIn([input]) === faultIn(parted), "a fault does not depend on how the bytes arrive");
  },
};

/** What the library would get, and what it would not. */
function filtered(parts: readonly Uint8Array[]): string {
  const leftOut: unknown[] = [];
  const filter = new OversizeFilter(100, (message) => leftOut.push(message));
  const passed = Buffer.concat(parts.map((part) => filter.pass(Buffer.from(part))));
  return `${passed.toString("hex")} ${JSON.stringify(leftOut)}`;
}

const LARGE = generate({
  cmd: "publish",
  topic: "a/b",
  payload: "1".repeat(200),
  qos: 1,
  messageId: 4,
  dup: false,
  retain: false,
});

export const oversize: FuzzTarget = {
  name: "mqtt-oversize",
  describe: "messages that are too large in an outside broker's stream",
  seeds: [Buffer.concat([...BYTES, LARGE, ...BYTES]), LARGE],
  dictionary: HEADERS,
  feed(input) {
    const parted = pieces(input, createRandom(input.length));
    holds(filtered([input]) === filtered(parted), "what is left out does not depend on the cuts");
  },
};
