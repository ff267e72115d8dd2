import { describe, expect, test } from "vitest";
import { MessageReceiver } from "#agent/sources/mqtt/message-receiver.ts";
import { EdgeNode } from "#agent/sources/mqtt/sparkplug/edge-node.ts";
import {
  encodePayload,
  type Metric,
  type SparkplugPayload,
} from "#agent/sources/mqtt/sparkplug/payload-codec.ts";
import { silentLogger } from "#core/log.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";

const T0 = 1_763_707_200_000;
const DOUBLE = 10;

interface Said {
  topic: string;
  payload: string;
  retain: boolean;
}

function rig(groups = ["+"]): {
  send: (topic: string, payload: SparkplugPayload) => void;
  receiver: MessageReceiver;
  intake: MemoryIntake;
  clock: ManualClock;
  said: Said[];
} {
  const clock = new ManualClock(T0);
  const intake = new MemoryIntake();
  const said: Said[] = [];
  const receiver = new MessageReceiver({
    source: "mqtt",
    topics: [],
    sparkplug: {
      settings: { hostId: "hall-3", groups },
      wallMs: () => clock.now(),
      publish: (topic, payload, { retain }) => {
        said.push({ topic, payload: Buffer.from(payload).toString(), retain });
      },
    },
    intake,
    clock,
    log: silentLogger,
  });
  const send = (topic: string, payload: SparkplugPayload): void => {
    void receiver.receive("node", topic, encodePayload(payload));
  };
  return { send, receiver, intake, clock, said };
}

function speed(value: number): Metric[] {
  return [{ name: "speed", datatype: DOUBLE, doubleValue: value }];
}

test("a birth that was retained brings no node to life, whatever it holds", () => {
  const { receiver, intake } = rig();
  const birth = encodePayload({ seq: 0n, timestamp: BigInt(T0), metrics: speed(1) });
  expect(receiver.receive("node", "spBv1.0/a/NBIRTH/n", birth, true)).toBeUndefined();
  expect(intake.readings()).toEqual([]);
  expect(receiver.counters).toMatchObject({
    sparkplug_retained_ignored: 1,
    sparkplug_nodes_online: 0,
  });
});

test("the will of an earlier connection, kept by the broker, is answered at each connection", () => {
  const { receiver, said } = rig();
  receiver.sparkplug?.state.born();
  const offline = Buffer.from('{"online":false,"timestamp":1}');
  for (let i = 0; i < 2; i++) {
    expect(receiver.receive("plant", "spBv1.0/STATE/hall-3", offline, true)).toBeUndefined();
  }
  expect(said.map(({ payload }) => payload.includes('"online":true'))).toEqual([true, true, true]);
});

describe("a node that cannot be understood", () => {
  test("is asked for a birth once in ten seconds, however much it sends", async () => {
    const { send, said, clock } = rig();
    for (let i = 0; i < 100; i++) send("spBv1.0/a/NDATA/n", { seq: 5n, metrics: speed(1) });
    expect(said.map(({ topic }) => topic)).toEqual(["spBv1.0/a/NCMD/n"]);
    send("spBv1.0/a/NDATA/other", { seq: 5n, metrics: speed(1) });
    expect(said).toHaveLength(2);
    await clock.advance(10_000);
    send("spBv1.0/a/NDATA/n", { seq: 5n, metrics: speed(1) });
    expect(said).toHaveLength(3);
  });

  test("costs memory up to a limit, and is counted beyond it", () => {
    const { send, receiver } = rig();
    for (let i = 0; i < 2010; i++) send(`spBv1.0/a/NDATA/n${i}`, { seq: 5n, metrics: speed(1) });
    expect(receiver.counters).toMatchObject({
      sparkplug_nodes: 2000,
      sparkplug_nodes_refused: 10,
    });
  });
});

test("a device without metrics costs memory as well, up to the limit of its node", () => {
  const node = new EdgeNode(10);
  node.handle("NBIRTH", undefined, { seq: 0n });
  for (let i = 0; i < 100; i++) node.handle("DBIRTH", `d${i}`, { seq: BigInt(i + 1) });
  expect(node.size).toBe(10);
});

describe("readings", () => {
  test("of all nodes are stale when the connection to their broker is lost", async () => {
    const { send, receiver, intake, said, clock } = rig();
    send("spBv1.0/a/NBIRTH/n", { seq: 0n, metrics: speed(1) });
    send("spBv1.0/a/DBIRTH/n/d", { seq: 1n, metrics: speed(2) });
    send("spBv1.0/a/NBIRTH/m", { seq: 0n, metrics: speed(3) });
    await clock.advance(5000);
    intake.batches.length = 0;
    await receiver.lost();
    const stale = { ts: T0 + 5000, value: null, quality: "bad", reason: "stale" };
    expect(intake.readings()).toMatchObject([stale, stale, stale]);
    expect(intake.readings().map(({ device }) => device)).toEqual(["a.n", "a.n.d", "a.m"]);
    expect(receiver.counters).toMatchObject({ sparkplug_nodes: 2, sparkplug_nodes_online: 0 });
    send("spBv1.0/a/NDATA/n", { seq: 2n, metrics: speed(4) });
    expect(intake.readings("a.n").at(-1)).toMatchObject({ value: 4, quality: "good" });
    expect(said.map(({ topic }) => topic)).toEqual(["spBv1.0/a/NCMD/n"]);
  });

  test("have the metric's time, else the payload's, else that of arrival", () => {
    const { send, intake } = rig();
    const [metric] = speed(1);
    const metrics = [{ ...metric, timestamp: BigInt(T0 - 5) }];
    send("spBv1.0/a/NBIRTH/n", { seq: 0n, timestamp: BigInt(T0 - 1), metrics });
    send("spBv1.0/a/NDATA/n", { seq: 1n, timestamp: BigInt(T0 - 1), metrics: speed(2) });
    send("spBv1.0/a/NDATA/n", { seq: 2n, metrics: speed(3) });
    expect(intake.readings("a.n").map(({ ts }) => ts - T0)).toEqual([-5, -1, 0]);
    const prints = intake.batches.map(({ fingerprint }) => fingerprint !== undefined);
    expect(prints).toEqual([true, true, false]);
  });

  test("of a node with more metrics than a message may have are stale as well", async () => {
    const { send, receiver, intake } = rig();
    const metrics = Array.from({ length: 25_000 }, (_, i) => ({
      name: `m${i}`,
      datatype: DOUBLE,
      doubleValue: i,
    }));
    // Refused as readings; the names are known all the same.
    send("spBv1.0/a/NBIRTH/n", { seq: 0n, metrics });
    expect(receiver.counters["malformed"]).toBe(1);
    await receiver.lost();
    expect(intake.batches.map(({ length }) => length)).toEqual([20_000, 5000]);
  });

  test("with a time in the future are flagged, like everybody's", () => {
    const { send, intake } = rig();
    const timestamp = BigInt(T0 + 3_600_000);
    send("spBv1.0/a/NBIRTH/n", { seq: 0n, timestamp, metrics: speed(1) });
    expect(intake.readings()[0]).toMatchObject({ quality: "uncertain", reason: "clock ahead" });
  });

  test("are not made of what is transient, or for the protocol itself", () => {
    const { send, intake } = rig();
    const metrics = [
      { name: "bdSeq", datatype: 4, longValue: 1n },
      { name: "Node Control/Reboot", datatype: 11, booleanValue: false },
      { name: "trace", datatype: DOUBLE, doubleValue: 1, isTransient: true },
    ];
    send("spBv1.0/a/NBIRTH/n", { seq: 0n, metrics });
    expect(intake.readings()).toEqual([]);
  });

  test("are of the groups that are asked for, and of nobody who only looks like a node", () => {
    const { send, intake, said } = rig(["a"]);
    for (const topic of [
      "spBv1.0/b/NBIRTH/n",
      "spBv1.0/a/NBIRTH",
      "spBv1.0/a/NBIRTH/n/extra",
      "spBv1.0/a/DBIRTH/n",
      "spBv1.0/a/NCMD/n",
      "spBv1.0/a/DCMD/n/d",
      "spBv1.0/a/nbirth/n",
      "spBv1.0//NBIRTH/n",
    ]) {
      send(topic, { seq: 0n, metrics: speed(1) });
    }
    expect(intake.readings()).toEqual([]);
    expect(said).toEqual([]);
  });

  test("of a second node that comes down to a known name are left out, and counted", () => {
    const { send, intake, receiver } = rig();
    send("spBv1.0/a/NBIRTH/b.c", { seq: 0n, metrics: speed(1) });
    send("spBv1.0/a/NBIRTH/b", { seq: 0n, metrics: speed(2) });
    send("spBv1.0/a/DBIRTH/b/c", { seq: 1n, metrics: speed(3) });
    expect(intake.readings("a.b.c").map(({ value }) => value)).toEqual([1]);
    expect(receiver.counters["sparkplug_nodes_refused"]).toBe(1);
  });

  test("of a malformed payload are none: it is counted, and the node is known no less", () => {
    const { receiver, send, intake } = rig();
    send("spBv1.0/a/NBIRTH/n", { seq: 0n, metrics: speed(1) });
    void receiver.receive("node", "spBv1.0/a/NDATA/n", Buffer.from('{"speed":1}'));
    expect(receiver.counters["malformed"]).toBe(1);
    send("spBv1.0/a/NDATA/n", { seq: 1n, metrics: speed(2) });
    expect(intake.readings("a.n").map(({ quality }) => quality)).toEqual(["good", "good"]);
  });
});

describe("the host's state", () => {
  test("is retained: online with the time of its will, offline when it stops", async () => {
    const { receiver, said, clock } = rig();
    const { state } = receiver.sparkplug ?? {};
    expect(String(state?.will(T0).payload)).toBe(`{"online":false,"timestamp":${T0}}`);
    state?.born(T0);
    await clock.advance(5000);
    state?.died();
    state?.died();
    expect(said).toEqual([
      { topic: "spBv1.0/STATE/hall-3", payload: `{"online":true,"timestamp":${T0}}`, retain: true },
      {
        topic: "spBv1.0/STATE/hall-3",
        payload: `{"online":false,"timestamp":${T0 + 5000}}`,
        retain: true,
      },
    ]);
  });

  test("is said again when somebody says that it is offline, and only while it is online", () => {
    const { receiver, said } = rig();
    const late = Buffer.from(`{"online":false,"timestamp":${T0}}`);
    void receiver.receive("host", "spBv1.0/STATE/hall-3", late);
    expect(said).toEqual([]);
    receiver.sparkplug?.state.born();
    void receiver.receive("host", "spBv1.0/STATE/hall-3", late);
    void receiver.receive("host", "spBv1.0/STATE/other", late);
    expect(said.map(({ payload }) => payload.includes("true"))).toEqual([true, true]);
  });
});
