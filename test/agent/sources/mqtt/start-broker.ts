import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { MqttBroker } from "#agent/sources/mqtt/mqtt-broker.ts";
import type { BrokerSettings, TopicRule } from "#config/gateway/mqtt.ts";
import { gatewaySchema } from "#config/gateway.ts";
import { type Clock, systemClock } from "#core/clock.ts";
import { type Logger, silentLogger } from "#core/log.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";

type Written = Record<string, unknown>;

export const TOPICS = [{ topic: "plant/{device}" }, { topic: "one/{device}/{tag}" }];

/** Settings as the file's schema makes them, with its defaults. */
function mqttSettingsOf(
  broker: Written,
  topics: readonly Written[] = TOPICS,
): { broker: BrokerSettings; topics: TopicRule[] } {
  const { mqtt } = gatewaySchema.parse({
    version: 1,
    gateway: "test",
    uplink: { eventHubs: { connectionString: "Endpoint=sb://localhost/", hub: "h" } },
    mqtt: { broker: { listen: "127.0.0.1:0", ...broker }, topics },
  });
  if (!mqtt?.broker) throw new Error("no broker");
  return { broker: mqtt.broker, topics: mqtt.topics };
}

/** A running broker on a free port of the loopback, and what it gave. */
export async function startBroker(
  broker: Written = {},
  topics: readonly Written[] = TOPICS,
  clock: Clock = systemClock,
  log: Logger = silentLogger,
): Promise<{ broker: MqttBroker; intake: MemoryIntake }> {
  const intake = new MemoryIntake();
  const settings = mqttSettingsOf(broker, topics);
  const mqtt = new MqttBroker({
    settings: settings.broker,
    topics: settings.topics,
    alarmTopic: "penstock/alarms",
    intake,
    clock,
    log,
  });
  await mqtt.start();
  return { broker: mqtt, intake };
}

export function counterOf(source: { status: MqttBroker["status"] }, name: string): number {
  const value = source.status().counters[name];
  if (value === undefined) throw new Error(`no counter ${name}`);
  return value;
}

/** A client that does not come back by itself. */
export async function connectDevice(
  port: number,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const client = await connectAsync({
    host: "127.0.0.1",
    port,
    reconnectPeriod: 0,
    clientId: "device-1",
    ...options,
  });
  // A test that closes it on purpose need not hear of that.
  client.on("error", () => {});
  return client;
}
