/** Sparkplug nodes on Debian's paho and protobuf, behind the embedded broker and behind mosquitto. */
import { describe, expect, onTestFinished } from "vitest";
import type { Source } from "#agent/sources/contract.ts";
import { MqttBroker } from "#agent/sources/mqtt/mqtt-broker.ts";
import { RemoteBroker } from "#agent/sources/mqtt/remote-broker.ts";
import { type GatewaySettings, gatewaySchema } from "#config/gateway.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";
import { mosquittoBroker, type Peer, peerTest } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { Mosquitto } from "../mosquitto.ts";
import { PythonEdgeNode, sparkplugPeers } from "./edge-node.ts";

const SPARKPLUG = { hostId: "hall-3", groups: ["north"] };

interface Rig {
  source: Source;
  intake: MemoryIntake;
  port: number;
}

function mqttSettings(mqtt: Record<string, unknown>): NonNullable<GatewaySettings["mqtt"]> {
  const uplink = { eventHubs: { connectionString: "Endpoint=sb://localhost/", hub: "h" } };
  const settings = gatewaySchema.parse({ version: 1, gateway: "test", uplink, mqtt }).mqtt;
  if (!settings) throw new Error("no mqtt");
  return settings;
}

async function startEmbedded(): Promise<Rig> {
  const { broker, topics, sparkplug, alarmTopic } = mqttSettings({
    broker: { listen: "127.0.0.1:0" },
    sparkplug: SPARKPLUG,
  });
  if (!broker) throw new Error("no broker");
  const intake = new MemoryIntake();
  const parts = { topics, sparkplug, alarmTopic, intake, clock: systemClock, log: silentLogger };
  const source = new MqttBroker({ settings: broker, ...parts });
  await source.start();
  onTestFinished(() => source.stop());
  return { source, intake, port: source.port };
}

async function startOutside(): Promise<Rig & { source: RemoteBroker; mosquitto: Mosquitto }> {
  const mosquitto = await Mosquitto.start(await tempFolder());
  onTestFinished(() => mosquitto.stop());
  const { port } = mosquitto;
  const url = `mqtt://127.0.0.1:${port}`;
  const settings = mqttSettings({ remotes: { plant: { url, sparkplug: SPARKPLUG } } }).remotes[
    "plant"
  ];
  if (!settings) throw new Error("no remote");
  const intake = new MemoryIntake();
  const random = createRandom(1);
  const parts = { intake, clock: systemClock, random, log: silentLogger };
  const source = new RemoteBroker({ name: "plant", settings, ...parts });
  await source.start();
  onTestFinished(() => source.stop());
  await until(() => source.status().state === "running");
  return { source, intake, port, mosquitto };
}

async function startNode(port: number, bdSeq = 0): Promise<PythonEdgeNode> {
  const node = await PythonEdgeNode.start();
  await node.do({ do: "connect", port, group: "north", node: "press", bdSeq, host: "hall-3" });
  return node;
}

const NOW = systemClock.now();
const BIRTH = {
  do: "publish",
  type: "NBIRTH",
  payload: {
    timestamp: NOW,
    seq: 0,
    metrics: [
      { name: "bdSeq", datatype: 4, longValue: 0 },
      { name: "Node Control/Rebirth", datatype: 11, booleanValue: false },
      { name: "i8", datatype: 1, intValue: 2 ** 32 - 5 },
      { name: "i8 short", datatype: 1, intValue: 251 },
      { name: "i16", datatype: 2, intValue: 2 ** 32 - 300 },
      { name: "i32", datatype: 3, intValue: 2 ** 32 - 70_000 },
      { name: "i64", datatype: 4, longValue: "18446744073709551615" },
      { name: "u8", datatype: 5, intValue: 250 },
      { name: "u16", datatype: 6, intValue: 65_535 },
      { name: "u32", datatype: 7, intValue: 4_000_000_000 },
      { name: "u64", datatype: 8, longValue: "18446744073709551615" },
      { name: "float", datatype: 9, floatValue: 71.2 },
      { name: "double", datatype: 10, doubleValue: 0.1 },
      { name: "nan", datatype: 10, doubleValue: "NaN" },
      { name: "bool", datatype: 11, booleanValue: true },
      { name: "string", datatype: 12, stringValue: "Bäckerei" },
      { name: "time", datatype: 13, longValue: NOW },
      { name: "text", datatype: 14, stringValue: "a long one" },
      { name: "nothing", datatype: 9, isNull: true },
      { name: "table", datatype: 16, datasetValue: { numOfColumns: 1, columns: ["a"] } },
      { name: "raw", datatype: 17, bytesValue: "AAEC" },
      { name: "wrong", datatype: 9, stringValue: "7" },
      {
        name: "doubtful",
        datatype: 3,
        intValue: 7,
        properties: { keys: ["Quality"], values: [{ type: 3, intValue: 500 }] },
      },
      { name: "Inputs/speed", alias: 7, datatype: 9, floatValue: 1.5, timestamp: NOW - 1000 },
    ],
  },
};

const DEVICE_BIRTH = {
  do: "publish",
  type: "DBIRTH",
  device: "oven",
  payload: {
    timestamp: NOW,
    seq: 1,
    metrics: [{ name: "temperature", alias: 8, datatype: 9, floatValue: 200.5 }],
  },
};

const BROKERS: [string, readonly Peer[], () => Promise<Rig>][] = [
  ["the embedded broker", sparkplugPeers, startEmbedded],
  ["mosquitto", [...sparkplugPeers, mosquittoBroker], startOutside],
];

describe.each(BROKERS)("behind %s", (_, peers, start) => {
  peerTest("a node's birth gives a reading a metric, of each data type", peers, async () => {
    const { intake, port } = await start();
    const node = await startNode(port);
    await node.do(BIRTH);
    await until(() => intake.readings().length > 0);
    expect(intake.latest("north.press")).toEqual({
      i8: -5,
      "i8 short": -5,
      i16: -300,
      i32: -70_000,
      i64: -1,
      u8: 250,
      u16: 65_535,
      u32: 4_000_000_000,
      u64: "18446744073709551615",
      float: 71.2,
      double: 0.1,
      nan: null,
      bool: true,
      string: "Bäckerei",
      time: NOW,
      text: "a long one",
      nothing: null,
      table: null,
      raw: null,
      wrong: null,
      doubtful: 7,
      "Inputs/speed": 1.5,
    });
    const reasons = intake.readings().flatMap(({ tag, reason }) => (reason ? [[tag, reason]] : []));
    expect(reasons).toEqual([
      ["u64", "integer beyond 2^53"],
      ["nan", "not a number"],
      ["nothing", "no value"],
      ["table", "unsupported type DataSet"],
      ["raw", "unsupported type Bytes"],
      ["wrong", "value not of its type"],
      ["doubtful", "stale"],
    ]);
    const [speed] = intake.readings("north.press", "Inputs/speed");
    expect(speed?.ts).toBe(NOW - 1000);
  });

  peerTest("data by alias is a node's or a device's, and death ends both", peers, async () => {
    const { source, intake, port } = await start();
    const node = await startNode(port);
    await node.do(BIRTH);
    await node.do(DEVICE_BIRTH);
    const data = (type: string, seq: number, metric: object, device?: string): object => ({
      do: "publish",
      type,
      device,
      payload: { timestamp: NOW + seq, seq, metrics: [metric] },
    });
    await node.do({ ...data("NDATA", 2, { alias: 7, floatValue: 2.5 }) });
    await node.do({ ...data("DDATA", 3, { alias: 8, floatValue: 201 }, "oven") });
    const old = { alias: 8, floatValue: 150, timestamp: NOW - 60_000, isHistorical: true };
    await node.do({ ...data("DDATA", 4, old, "oven") });
    await until(() => intake.readings("north.press.oven").length === 3);
    expect(intake.readings("north.press.oven")).toMatchObject([
      { tag: "temperature", value: 200.5, ts: NOW, quality: "good" },
      { tag: "temperature", value: 201, ts: NOW + 3, quality: "good" },
      { tag: "temperature", value: 150, ts: NOW - 60_000, quality: "good" },
    ]);
    expect(intake.batches.at(-1)?.isHistorical(0)).toBe(true);
    expect(intake.readings("north.press", "Inputs/speed").at(-1)).toMatchObject({ value: 2.5 });
    node.kill();
    await until(() => intake.readings("north.press.oven").length === 4);
    const offline = { value: null, quality: "bad", reason: "device offline" };
    expect(intake.readings("north.press.oven").at(-1)).toMatchObject(offline);
    expect(intake.readings("north.press", "u8").at(-1)).toMatchObject(offline);
    expect(source.status().counters).toMatchObject({ sparkplug_nodes_online: 0 });
  });

  peerTest("a device's death leaves its node alive", peers, async () => {
    const { source, intake, port } = await start();
    const node = await startNode(port);
    await node.do(BIRTH);
    await node.do(DEVICE_BIRTH);
    const payload = { timestamp: NOW + 500, seq: 2 };
    await node.do({ do: "publish", type: "DDEATH", device: "oven", payload });
    await until(() => intake.readings("north.press.oven").length === 2);
    expect(intake.readings("north.press.oven").at(-1)).toMatchObject({
      ts: NOW + 500,
      value: null,
      quality: "bad",
      reason: "device offline",
    });
    expect(intake.readings("north.press", "u8")).toHaveLength(1);
    expect(source.status().counters).toMatchObject({ sparkplug_nodes_online: 1 });
  });

  peerTest("a missing message makes data uncertain, and asks for a birth", peers, async () => {
    const { source, intake, port } = await start();
    const node = await startNode(port);
    await until(() => node.heard.some(({ topic }) => topic === "spBv1.0/STATE/hall-3"));
    expect(node.heard[0]?.payload).toMatchObject({ online: true });
    await node.do(BIRTH);
    const metrics = [{ alias: 7, floatValue: 9 }];
    await node.do({ do: "publish", type: "NDATA", payload: { timestamp: NOW, seq: 5, metrics } });
    await until(() => intake.readings("north.press", "Inputs/speed").length === 2);
    expect(intake.readings("north.press", "Inputs/speed").at(-1)).toMatchObject({
      value: 9,
      quality: "uncertain",
      reason: "sequence gap",
    });
    const command = "spBv1.0/north/NCMD/press";
    await until(() => node.heard.some(({ topic }) => topic === command));
    const asked = node.heard.find(({ topic }) => topic === command);
    expect(asked?.payload.metrics).toMatchObject([
      { name: "Node Control/Rebirth", datatype: 11, booleanValue: true },
    ]);
    await node.do(BIRTH);
    await until(() => intake.readings("north.press", "u8").length === 2);
    await node.do({ do: "publish", type: "NDATA", payload: { timestamp: NOW, seq: 1, metrics } });
    await until(() => intake.readings("north.press", "Inputs/speed").length === 4);
    expect(intake.readings("north.press", "Inputs/speed").at(-1)?.quality).toBe("good");
    expect(source.status().counters).toMatchObject({ sparkplug_rebirths_asked: 1 });
  });
});

peerTest(
  "a broker that goes away leaves stale values, and a dead remote",
  BROKERS[1]![1],
  async () => {
    const { source, intake, port, mosquitto } = await startOutside();
    const node = await startNode(port);
    await node.do(BIRTH);
    await until(() => intake.readings("north.press", "u8").length === 1);
    await mosquitto.stop("SIGKILL");
    await until(() => intake.readings("north.press", "u8").length === 2);
    const stale = { value: null, quality: "bad", reason: "stale" };
    expect(intake.readings("north.press", "u8").at(-1)).toMatchObject(stale);
    expect(intake.readings("north.press", "Inputs/speed").at(-1)).toMatchObject(stale);
    expect(source.status().counters).toMatchObject({ sparkplug_nodes_online: 0 });
    await until(() => source.troubles().length > 0);
    expect(source.troubles()).toMatchObject([
      { device: "(gateway)", tag: "(remote plant)", rule: "dead", priority: "high" },
    ]);
    await mosquitto.run();
    await until(() => source.troubles().length === 0);
  },
);

peerTest("who stops says that nobody listens any more", BROKERS[1]![1], async () => {
  const { source, port } = await startOutside();
  const node = await startNode(port);
  await until(() => node.heard.length === 1);
  await source.stop();
  await until(() => node.heard.length === 2);
  expect(node.heard.map(({ payload }) => payload.online)).toEqual([true, false]);
});
