import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { MqttPublisher } from "#sim/mqtt/publisher.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { CountingLedger } from "../support/counting-ledger.ts";
import { FakeBroker, type Received } from "../support/fake-broker.ts";
import { until } from "../support/until.ts";

let broker: FakeBroker;
let ledger: CountingLedger;
let clock: ManualClock;
let publisher: MqttPublisher;
let produced = 0;

function create(windowMessages: number): MqttPublisher {
  return new MqttPublisher(
    {
      host: "127.0.0.1",
      port: broker.port,
      clientId: "device-1",
      windowMessages,
      connectTimeoutMs: 5000,
      keepAliveMs: 15_000,
    },
    { ledger, clock, random: createRandom(1), log: new RateLimitedLog(silentLogger, clock) },
  );
}

function publish(count: number): void {
  for (let i = 0; i < count && publisher.hasRoom; i++) {
    produced += 1;
    const message = { device: "d", tags: ["v"], values: [produced], ts: produced };
    publisher.publish(message, "plant/d", `{"ts":${produced},"v":${produced}}`);
  }
  publisher.flush();
}

function bytesOf({ clientId, messageId, topic, payload }: Received): unknown[] {
  return [clientId, messageId, topic, payload];
}

/** Lets the publisher's own time run while real bytes travel. */
async function untilTicking(condition: () => boolean, what: string, stepMs = 50): Promise<void> {
  await until(() => {
    void clock.advance(stepMs);
    publisher.tick(clock.monotonic());
    return condition();
  }, what);
}

beforeEach(async () => {
  broker = new FakeBroker();
  await broker.listen();
  ledger = new CountingLedger();
  clock = new ManualClock();
  produced = 0;
  publisher = create(100);
});

afterEach(async () => {
  publisher.cut();
  await broker.close();
});

describe("a publisher", () => {
  test("acknowledges each message once, after it was told as sent", async () => {
    publisher.start();
    await until(() => publisher.isOnline, "online");
    publish(50);
    expect(ledger.sentMessages).toHaveLength(50);
    await until(() => ledger.acknowledgedMessages.size === 50, "acknowledged");
    expect(broker.received.map(({ topic, payload }) => [topic, payload])).toEqual(
      ledger.sentMessages.map(({ ts }) => ["plant/d", `{"ts":${ts},"v":${ts}}`]),
    );
    expect(publisher.unacknowledged).toBe(0);
  });

  test("keeps its session, so that a repeat is in order", async () => {
    publisher.start();
    await until(() => publisher.isOnline, "online");
    expect(broker.connects).toEqual([{ clientId: "device-1", clean: false }]);
  });

  test("sends unacknowledged messages again with DUP and the same bytes, in their order", async () => {
    publisher.start();
    await until(() => publisher.isOnline, "online");
    broker.isAcknowledging = false;
    publish(30);
    await until(() => broker.received.length === 30, "received");
    broker.cut();
    await until(() => !publisher.isOnline, "offline");
    publish(10);
    broker.isAcknowledging = true;
    await untilTicking(() => ledger.acknowledgedMessages.size === 40, "all acknowledged");

    const first = broker.received.slice(0, 30);
    const again = broker.received.slice(30, 60);
    expect(again.every(({ isDup }) => isDup)).toBe(true);
    expect(again.map(bytesOf)).toEqual(first.map(bytesOf));
    expect(broker.received.slice(60).every(({ isDup }) => !isDup)).toBe(true);
    expect(publisher.counters).toMatchObject({ sent: 40, acknowledged: 40, repeated: 30 });
    expect(ledger.sentMessages).toHaveLength(40);
  });

  test("does not call a message sent that no socket has seen", async () => {
    await broker.close();
    publisher.start();
    publish(20);
    await until(() => publisher.counters.disconnects > 0, "refused");
    expect(ledger.sentMessages).toHaveLength(0);
    expect(publisher.unacknowledged).toBe(20);
  });

  test("has no room when its window is full, and has again after acknowledgements", async () => {
    publisher = create(10);
    publisher.start();
    await until(() => publisher.isOnline, "online");
    broker.isAcknowledging = false;
    publish(25);
    expect(publisher.hasRoom).toBe(false);
    expect(publisher.unacknowledged).toBe(10);
    broker.isAcknowledging = true;
    publisher.cut();
    await untilTicking(() => publisher.unacknowledged === 0, "acknowledged");
    expect(publisher.hasRoom).toBe(true);
  });

  test("gives up a broker that does not answer pings, and comes back", async () => {
    publisher.start();
    await until(() => publisher.isOnline, "online");
    broker.isAcknowledging = false;
    await untilTicking(() => publisher.counters.disconnects === 1, "given up", 500);
    expect(broker.pings).toBe(1);
    await untilTicking(() => publisher.counters.connects === 2, "back");
  });

  test("waits longer from one failure to the next, up to three seconds", async () => {
    await broker.close();
    publisher.start();
    const gapsMs: number[] = [];
    for (let failures = 1; failures <= 8; failures++) {
      await until(() => publisher.counters.disconnects === failures, "refused");
      const refusedAtMs = clock.monotonic();
      let isOpened = false;
      while (!isOpened) {
        await clock.advance(10);
        publisher.tick(clock.monotonic());
        isOpened = publisher.isConnecting;
      }
      gapsMs.push(clock.monotonic() - refusedAtMs);
    }
    expect(Math.max(...gapsMs)).toBeLessThanOrEqual(3010);
    expect(gapsMs[0]).toBeLessThanOrEqual(110);
    expect(gapsMs.at(-1)).toBeGreaterThan(1000);
  });

  test("ends its session with DISCONNECT when stopped", async () => {
    publisher.start();
    await until(() => publisher.isOnline, "online");
    await publisher.stop();
    expect(publisher.isOnline).toBe(false);
    await until(() => broker.sockets.size === 0, "closed at the broker");
  });
});
