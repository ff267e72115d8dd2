import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MqttBroker } from "#agent/sources/mqtt/mqtt-broker.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import type { MemoryIntake } from "#test/support/memory-intake.ts";
import { until } from "#test/support/until.ts";
import { RawClient } from "./raw-client.ts";
import { connectDevice, counterOf, startBroker, TOPICS } from "./start-broker.ts";

const MESSAGE = '{"ts":1763707200000,"speed":1.5}';

/** A PUBLISH header of this length, and nothing behind it. */
function publishHeader(length: number): Uint8Array {
  const bytes = [0x32];
  let left = length;
  do {
    bytes.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  return Uint8Array.from(bytes);
}

/** A QoS 1 PUBLISH whose topic has these bytes, which the library would refuse to write. */
function publishBytes(topic: Uint8Array, payload = MESSAGE): Uint8Array {
  const length = Buffer.from([topic.length >> 8, topic.length & 0xff]);
  const body = Buffer.concat([length, topic, Buffer.from([0, 1]), Buffer.from(payload)]);
  return Buffer.concat([publishHeader(body.length), body]);
}

function countOf(client: RawClient, wanted: string): number {
  return client.packets.filter(({ cmd }) => cmd === wanted).length;
}

describe("the embedded broker, with a client that is hostile or broken", () => {
  let broker: MqttBroker;
  let intake: MemoryIntake;
  let raw: RawClient;

  beforeEach(async () => {
    ({ broker, intake } = await startBroker({ connectTimeout: "200ms", maxPayload: "4KiB" }));
    raw = new RawClient(broker.port);
  });

  afterEach(async () => {
    raw.destroy();
    await expectOthersServed();
    await broker.stop();
  });

  async function expectOthersServed(): Promise<void> {
    const device = await connectDevice(broker.port, { clientId: "well-behaved" });
    await device.publishAsync("plant/well-behaved", MESSAGE, { qos: 1 });
    await device.endAsync();
    expect(intake.latest("well-behaved")).toEqual({ speed: 1.5 });
  }

  test.each([
    ["random bytes", Uint8Array.from([0, 255, 7, 9])],
    ["a TLS handshake", Uint8Array.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])],
    ["HTTP", "GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"],
    ["a PUBLISH before CONNECT", publishBytes(Buffer.from("plant/d1"))],
    ["a CONNECT of 1 MiB", Uint8Array.from([0x10, 0x80, 0x80, 0x40])],
    ["a length that never ends", Uint8Array.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x80])],
  ])("closes the connection on %s", async (_, bytes) => {
    raw.send(bytes);
    await raw.closed();
    expect(intake.readings("d1")).toEqual([]);
  });

  test("closes a connection that says nothing, and one that says half a CONNECT", async () => {
    const half = new RawClient(broker.port);
    half.send(Uint8Array.from([0x10, 20, 0, 4]));
    await Promise.all([raw.closed(), half.closed()]);
    expect(counterOf(broker, "connections_failed")).toBe(2);
  });

  test.each([
    ["256 MB", 268_435_455],
    ["one byte too much", 4096 + 1024 + 4 + 1],
  ])("closes on the header of a packet of %s, before it buffers it", async (_, length) => {
    await raw.login();
    raw.send(publishHeader(length));
    await raw.closed();
    expect(counterOf(broker, "packets_too_large")).toBe(1);
  });

  test("closes on a payload beyond the limit, and takes one at the limit", async () => {
    await raw.login();
    const largest = `{"a":"${"x".repeat(4096 - 8)}"}`;
    raw.send(publishBytes(Buffer.from("plant/d1"), largest));
    await until(() => raw.packets.some(({ cmd }) => cmd === "puback"));
    raw.send(publishBytes(Buffer.from("plant/d1"), `${largest} `));
    await raw.closed();
    expect(counterOf(broker, "packets_too_large")).toBe(1);
    expect(intake.readings("d1")).toHaveLength(1);
  });

  test.each([
    ["malformed UTF-8", Buffer.from([0x70, 0x6c, 0xff, 0xfe])],
    ["NUL", Buffer.from("plant/\0")],
    ["an encoded surrogate", Buffer.from([0x70, 0x2f, 0xed, 0xa0, 0x80])],
    ["a wildcard", Buffer.from("plant/+")],
    ["nothing", Buffer.alloc(0)],
    ["$SYS", Buffer.from("$SYS/broker/uptime")],
    ["the alarm topic", Buffer.from("penstock/alarms/d1/speed")],
    ["the alarm topic itself", Buffer.from("penstock/alarms")],
    ["2,000 bytes", Buffer.from(`plant/${"d".repeat(2000)}`)],
    ["500 levels", Buffer.from("/".repeat(500))],
  ])("closes the connection on a topic of %s", async (_, topic) => {
    await raw.login();
    raw.send(publishBytes(topic));
    await raw.closed();
    expect(raw.packets.some(({ cmd }) => cmd === "puback")).toBe(false);
    expect(intake.readings("d1")).toEqual([]);
  });

  test("takes dots and slashes in a topic for a name, never for a path", async () => {
    await raw.login();
    raw.send(publishBytes(Buffer.from("plant/..")));
    await until(() => raw.packets.some(({ cmd }) => cmd === "puback"));
    expect(intake.latest("..")).toEqual({ speed: 1.5 });
  });

  test("refuses connections beyond the limit, and counts them", async () => {
    const small = await startBroker({ maxClients: 3 });
    const clients = Array.from({ length: 6 }, () => new RawClient(small.broker.port));
    await until(() => clients.filter(({ isClosed }) => isClosed).length === 3);
    expect(counterOf(small.broker, "connections_refused")).toBe(3);
    for (const client of clients) client.destroy();
    await until(() => counterOf(small.broker, "clients") === 0);
    await connectDevice(small.broker.port).then((device) => device.endAsync());
    await small.broker.stop();
  });

  test("stops reading while too much waits for the disk, and goes on after", async () => {
    const gate = Promise.withResolvers<"stored">();
    intake.refuse = () => gate.promise;
    // The library itself reads no more of one client than a read's worth, so it takes many.
    const clients = Array.from({ length: 60 }, () => new RawClient(broker.port));
    await Promise.all(clients.map((client, i) => client.login(`flood-${i}`)));
    const packet = publishBytes(Buffer.from("plant/d1"), `{"a":"${"x".repeat(1000)}"}`);
    for (const client of clients) for (let i = 0; i < 100; i++) client.send(packet);
    await until(() => counterOf(broker, "read_pauses") > 0);
    const waiting = counterOf(broker, "waiting_bytes");
    expect(waiting).toBeGreaterThanOrEqual(2 * 1024 * 1024);
    expect(waiting).toBeLessThan(2 * 1024 * 1024 + 2 * 64 * 1024);
    intake.refuse = undefined;
    gate.resolve("stored");
    await until(() => clients.every((client) => countOf(client, "puback") === 100));
    expect(counterOf(broker, "waiting_bytes")).toBe(0);
    for (const client of clients) client.destroy();
  });

  test("stores a QoS 2 message once, however often it comes", async () => {
    await raw.login("qos-2", { clean: false });
    const publish = {
      cmd: "publish",
      topic: "one/d1/n",
      payload: "7",
      qos: 2,
      messageId: 5,
      dup: false,
      retain: false,
    } as const;
    raw.send(publish);
    raw.send({ ...publish, dup: true });
    await until(() => countOf(raw, "pubrec") === 2);
    raw.destroy();
    raw = new RawClient(broker.port);
    await raw.login("qos-2", { clean: false });
    raw.send({ ...publish, dup: true });
    await until(() => raw.packets.some(({ cmd }) => cmd === "pubrec"));
    expect(intake.readings("d1")).toHaveLength(1);
    raw.send({ cmd: "pubrel", messageId: 5 });
    await until(() => raw.packets.some(({ cmd }) => cmd === "pubcomp"));
    raw.send(publish);
    await until(() => intake.readings("d1").length === 2);
  });

  test("makes a client wait that publishes faster than its limit, and loses nothing", async () => {
    const clock = new ManualClock();
    const slow = await startBroker({ maxRate: 200 }, TOPICS, clock);
    const flood = new RawClient(slow.broker.port);
    await flood.login();
    const packet = publishBytes(Buffer.from("plant/d1"));
    for (let i = 0; i < 250; i++) {
      flood.send(packet);
      // Apart, so that they come in several reads.
      await new Promise(setImmediate);
    }
    await until(() => counterOf(slow.broker, "rate_pauses") > 0);
    await until(async () => {
      await clock.advance(100);
      return countOf(flood, "puback") === 250;
    });
    expect(intake.readings("d1")).toEqual([]);
    expect(slow.intake.readings("d1")).toHaveLength(250);
    flood.destroy();
    await slow.broker.stop();
  });

  test("closes a connection whose packet does not end within a minute", async () => {
    const clock = new ManualClock();
    const { broker: slow } = await startBroker({}, TOPICS, clock);
    const loris = new RawClient(slow.port);
    await loris.login();
    loris.send(publishBytes(Buffer.from("plant/d1")).subarray(0, 20));
    const idle = new RawClient(slow.port);
    await idle.login("idle");
    await clock.advance(55_000);
    expect(loris.isClosed).toBe(false);
    await clock.advance(15_000);
    await loris.closed();
    expect(idle.isClosed).toBe(false);
    idle.destroy();
    await slow.stop();
  });

  test("refuses a client id that two clients fight for", async () => {
    const clients: RawClient[] = [];
    for (let i = 0; i < 7; i++) {
      const client = new RawClient(broker.port);
      clients.push(client);
      await client.login("one-for-two");
    }
    const codes = clients.map(
      ({ packets: [first] }) => first?.cmd === "connack" && first.returnCode,
    );
    expect(codes).toEqual([0, 0, 0, 0, 0, 0, 3]);
    await until(() => clients.map(({ isClosed }) => isClosed).lastIndexOf(false) === 5);
    expect(counterOf(broker, "takeovers")).toBe(6);
    for (const client of clients) client.destroy();
  });
});
