import { setTimeout as delay } from "node:timers/promises";
import type { MqttClient } from "mqtt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MqttBroker } from "#agent/sources/mqtt/mqtt-broker.ts";
import { PenstockError } from "#core/errors.ts";
import type { MemoryIntake } from "#test/support/memory-intake.ts";
import { until } from "#test/support/until.ts";
import { connectDevice, counterOf, startBroker } from "./start-broker.ts";

const MESSAGE = '{"ts":1763707200000,"speed":1.5}';

describe("acknowledgement by the embedded broker", () => {
  let broker: MqttBroker;
  let intake: MemoryIntake;
  let client: MqttClient;

  beforeEach(async () => {
    ({ broker, intake } = await startBroker());
    client = await connectDevice(broker.port);
  });

  afterEach(async () => {
    client.end(true);
    intake.refuse = undefined;
    await broker.stop();
  });

  test.each([1, 2] as const)("comes after the readings are stored (QoS %i)", async (qos) => {
    const stored = Promise.withResolvers<"stored">();
    intake.refuse = () => stored.promise;
    let isAcknowledged = false;
    const publishing = client.publishAsync("plant/d1", MESSAGE, { qos });
    void publishing.finally(() => {
      isAcknowledged = true;
    });
    await until(() => counterOf(broker, "waiting_messages") === 1);
    await delay(50);
    expect(isAcknowledged).toBe(false);
    stored.resolve("stored");
    await publishing;
    expect(counterOf(broker, "waiting_bytes")).toBe(0);
  });

  test("does not wait for messages of other clients", async () => {
    const stored = Promise.withResolvers<"stored">();
    intake.refuse = () => stored.promise;
    const slow = client.publishAsync("plant/d1", MESSAGE, { qos: 1 });
    await until(() => counterOf(broker, "waiting_messages") === 1);
    intake.refuse = undefined;
    const other = await connectDevice(broker.port, { clientId: "device-2" });
    await other.publishAsync("plant/d2", MESSAGE, { qos: 1 });
    await other.endAsync();
    expect(counterOf(broker, "waiting_messages")).toBe(1);
    stored.resolve("stored");
    await slow;
  });

  test("fails to come when the intake refuses, and the client is closed", async () => {
    intake.refuse = () => Promise.reject(new PenstockError("BUFFER_FULL", "full"));
    const publishing = client.publishAsync("plant/d1", MESSAGE, { qos: 1 });
    const acknowledged = publishing.then(
      () => true,
      () => false,
    );
    await until(() => !client.connected);
    expect(counterOf(broker, "refused")).toBe(1);
    client.end(true);
    expect(await Promise.race([acknowledged, delay(100, false)])).toBe(false);
  });

  test("comes for the copy that a client sends after it was refused", async () => {
    intake.refuse = () => Promise.reject(new PenstockError("BUFFER_FULL", "full"));
    client.end(true);
    client = await connectDevice(broker.port, { reconnectPeriod: 50, clean: false });
    const publishing = client.publishAsync("plant/d1", MESSAGE, { qos: 1 });
    await until(() => counterOf(broker, "refused") > 0);
    intake.refuse = undefined;
    await publishing;
    expect(intake.readings()).toHaveLength(1);
  });

  test("leaves a QoS 0 client connected when the intake refuses", async () => {
    intake.refuse = () => Promise.reject(new PenstockError("BUFFER_FULL", "full"));
    await client.publishAsync("plant/d1", MESSAGE, { qos: 0 });
    await until(() => counterOf(broker, "refused") === 1);
    intake.refuse = undefined;
    await client.publishAsync("plant/d1", MESSAGE, { qos: 1 });
    expect(counterOf(broker, "readings")).toBe(1);
  });

  test("keeps the order of a client's messages", async () => {
    const values = Array.from({ length: 500 }, (_, i) => i);
    await Promise.all(
      values.map((value) => client.publishAsync("one/d1/n", String(value), { qos: 1 })),
    );
    expect(intake.readings().map((reading) => reading.value)).toEqual(values);
  });

  test("is given to what is being stored when the broker stops", async () => {
    const stored = Promise.withResolvers<"stored">();
    intake.refuse = () => stored.promise;
    const publishing = client.publishAsync("plant/d1", MESSAGE, { qos: 1 });
    await until(() => counterOf(broker, "waiting_messages") === 1);
    const stopping = broker.stop();
    stored.resolve("stored");
    await Promise.all([publishing, stopping]);
    expect(broker.status().state).toBe("stopped");
  });

  test("comes for messages that are no readings, which are counted", async () => {
    await client.publishAsync("plant/d1", "{broken", { qos: 1 });
    await client.publishAsync("nobody/knows/this", MESSAGE, { qos: 1 });
    expect(counterOf(broker, "malformed")).toBe(1);
    expect(counterOf(broker, "unknown_topic")).toBe(1);
    expect(intake.readings()).toEqual([]);
  });
});
