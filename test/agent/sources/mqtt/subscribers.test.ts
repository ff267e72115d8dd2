import type { MqttClient } from "mqtt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MqttBroker } from "#agent/sources/mqtt/mqtt-broker.ts";
import { until } from "#test/support/until.ts";
import { RawClient } from "./raw-client.ts";
import { connectDevice, counterOf, startBroker } from "./start-broker.ts";

const ALARM = "penstock/alarms/oven-2/temperature";

describe("subscribers of the embedded broker", () => {
  let broker: MqttBroker;
  let client: MqttClient;
  let received: string[];

  beforeEach(async () => {
    ({ broker } = await startBroker({ maxPayload: "64KiB" }));
    client = await connectDevice(broker.port, { clientId: "display", clean: false });
    received = [];
    client.on("message", (topic, payload) => received.push(`${topic} ${payload.toString()}`));
  });

  afterEach(async () => {
    client.end(true);
    await broker.stop();
  });

  test("get the gateway's alarms", async () => {
    await client.subscribeAsync("penstock/alarms/#", { qos: 1 });
    broker.publish(ALARM, "hot");
    await until(() => received.length > 0);
    expect(received).toEqual([`${ALARM} hot`]);
  });

  test("with a persistent session get the alarms of the time they were away", async () => {
    await client.subscribeAsync("penstock/alarms/#", { qos: 1 });
    await client.endAsync();
    for (const text of ["one", "two", "three"]) broker.publish(ALARM, text);
    client = await connectDevice(broker.port, { clientId: "display", clean: false });
    client.on("message", (_, payload) => received.push(String(payload)));
    await until(() => received.length === 3);
    expect(received).toEqual(["one", "two", "three"]);
  });

  test("that stay away keep the newest thousand messages waiting, and the rest is counted", async () => {
    await client.subscribeAsync("penstock/alarms/#", { qos: 1 });
    await client.endAsync();
    for (let i = 0; i < 1100; i++) broker.publish(ALARM, String(i));
    await until(() => counterOf(broker, "queued_dropped") === 100);
    client = await connectDevice(broker.port, { clientId: "display", clean: false });
    client.on("message", (_, payload) => received.push(String(payload)));
    await until(() => received.length === 1000);
    expect(received[0]).toBe("100");
    expect(received.at(-1)).toBe("1099");
  });

  test("get what is retained, until there is too much of it", async () => {
    const big = "x".repeat(60_000);
    for (let i = 0; i < 20; i++) {
      await client.publishAsync(`kept/${i}`, big, { qos: 1, retain: true });
    }
    expect(counterOf(broker, "retained")).toBe(17);
    expect(counterOf(broker, "retained_refused")).toBe(3);
    await client.publishAsync("kept/0", "", { qos: 1, retain: true });
    await client.subscribeAsync("kept/#", { qos: 0 });
    await until(() => received.length === 16);
  });

  test.each(["#", "+/x", "$SYS/#", "$share/g/#", "a/".repeat(40), "x\0y"])(
    "may not subscribe to %j",
    async (filter) => {
      const raw = new RawClient(broker.port);
      await raw.login("stranger");
      raw.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: filter, qos: 1 }] });
      await until(() => raw.isClosed || raw.packets.some(({ cmd }) => cmd === "suback"));
      // Some are refused by SUBACK, others are no MQTT at all.
      const granted = raw.packets.flatMap((packet) =>
        packet.cmd === "suback" ? packet.granted : [],
      );
      expect(granted).toEqual(raw.isClosed ? [] : [0x80]);
      raw.destroy();
    },
  );

  test("may hold a hundred subscriptions, and no more", async () => {
    const filters = Array.from({ length: 150 }, (_, i) => `plant/${i}`);
    const raw = new RawClient(broker.port);
    await raw.login("greedy", { clean: false });
    const subscriptions = filters.map((topic) => ({ topic, qos: 1 as const }));
    raw.send({ cmd: "subscribe", messageId: 1, subscriptions });
    await until(() => raw.packets.some(({ cmd }) => cmd === "suback"));
    expect(counterOf(broker, "subscriptions_denied")).toBe(50);
    raw.destroy();
  });

  test("that do not read are closed, and hold up nobody", async () => {
    const frozen = new RawClient(broker.port);
    await frozen.login("frozen");
    frozen.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "plant/#", qos: 0 }] });
    await until(() => frozen.packets.some(({ cmd }) => cmd === "suback"));
    frozen.freeze();
    const payload = JSON.stringify({ text: "x".repeat(50_000) });
    for (let i = 0; i < 400 && counterOf(broker, "slow_consumers") === 0; i++) {
      await client.publishAsync("plant/d1", payload, { qos: 1 });
    }
    expect(counterOf(broker, "slow_consumers")).toBe(1);
    frozen.destroy();
  });
});
