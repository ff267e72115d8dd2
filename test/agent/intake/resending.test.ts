/** Devices that send again, against the real broker and the real buffer. */
import { describe, expect, onTestFinished, test } from "vitest";
import { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { ReadingIntake } from "#agent/intake/reading-intake.ts";
import { MqttBroker } from "#agent/sources/mqtt/mqtt-broker.ts";
import { gatewaySchema } from "#config/gateway.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { RecordingAlarms } from "#test/support/recording-alarms.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { openBuffer } from "../buffer/support.ts";
import { RawClient } from "../sources/mqtt/raw-client.ts";

const PAYLOAD = '{"ts":1763707200000,"speed":1.5}';
const { mqtt: settings } = gatewaySchema.parse({
  version: 1,
  gateway: "test",
  mqtt: { broker: { listen: "127.0.0.1:0" }, topics: [{ topic: "plant/{device}" }] },
});

interface Gateway {
  buffer: StoreAndForward;
  broker: MqttBroker;
  stop(): Promise<void>;
}

async function startGateway(folder: string): Promise<Gateway> {
  const buffer = openBuffer(folder);
  await buffer.start();
  const [clock, log] = [systemClock, silentLogger];
  const intake = new ReadingIntake({
    alarms: new RecordingAlarms(),
    devices: {},
    lanes: buffer.lanes,
    buffer,
    clock,
    log,
  });
  const { broker: listen, topics = [] } = settings ?? {};
  if (!listen) throw new Error("no broker");
  const broker = new MqttBroker({
    settings: listen,
    topics,
    alarmTopic: "penstock/alarms",
    intake,
    clock,
    log,
  });
  await broker.start();
  const stop = async (): Promise<void> => {
    await broker.stop();
    await buffer.stop();
  };
  onTestFinished(stop);
  return { buffer, broker, stop };
}

/** Publishes without waiting for more than the first answer, as a device that loses its link. */
async function publish(port: number, qos: 1 | 2, dup: boolean): Promise<void> {
  const client = new RawClient(port);
  await client.login("device-7", { clean: false });
  client.send({
    cmd: "publish",
    topic: "plant/press",
    payload: PAYLOAD,
    qos,
    dup,
    retain: false,
    messageId: 17,
  });
  const answer = qos === 1 ? "puback" : "pubrec";
  await until(() => client.packets.some(({ cmd }) => cmd === answer));
  client.destroy();
}

describe.each([1, 2] as const)("a QoS %i message that a device sends again", (qos) => {
  test("counts once, on a new connection and after a restart of the agent", async () => {
    const folder = await tempFolder();
    const before = await startGateway(folder);
    await publish(before.broker.port, qos, false);
    await publish(before.broker.port, qos, true);
    await before.stop();
    const after = await startGateway(folder);
    await publish(after.broker.port, qos, true);
    expect(after.buffer.status()).toMatchObject({ readingsBySource: { mqtt: 1 }, segments: 1 });
    expect(after.buffer.status().duplicates).toBe(1);
  });

  test("counts once when its segment has long been sent and forgotten", async () => {
    const folder = await tempFolder();
    const before = await startGateway(folder);
    await publish(before.broker.port, qos, false);
    for (let lane = 0; lane < before.buffer.lanes; lane++) {
      before.buffer.confirm(before.buffer.take(lane, "live", 2 ** 20));
    }
    await until(() => before.buffer.status().segments === 0);
    await publish(before.broker.port, qos, true);
    await before.stop();
    const after = await startGateway(folder);
    await publish(after.broker.port, qos, true);
    expect(after.buffer.status()).toMatchObject({ readingsBySource: { mqtt: 1 }, segments: 0 });
  });
});
