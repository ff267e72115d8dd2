import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { Aedes } from "aedes";
import { connectAsync } from "mqtt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import type { SentMessage } from "#sim/ledger/contract.ts";
import { Simulator, type SimulatorSettings } from "#sim/simulator.ts";
import { freePort } from "#test/support/free-port.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { mosquittoBroker, peerTest } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { CountingLedger } from "./support/counting-ledger.ts";
import { FakeBroker } from "./support/fake-broker.ts";
import { until } from "./support/until.ts";

const HOST = "127.0.0.1";

/** What the device of a ledger's message publishes. */
function payloadOf({ ts, tags, values }: SentMessage): Record<string, number> {
  return Object.fromEntries([["ts", ts], ...tags.map((tag, i) => [tag, values[i] ?? 0])]);
}

describe("a simulator of publishing devices", () => {
  let broker: FakeBroker;
  let simulator: Simulator;

  beforeEach(async () => {
    broker = new FakeBroker();
    await broker.listen();
  });

  afterEach(async () => {
    await simulator.stop();
    await broker.close();
  });

  /** Runs for `seconds` on a clock of its own, until everything is acknowledged. */
  async function run(settings: Partial<SimulatorSettings>, rateHz: number, seconds: number) {
    const clock = new ManualClock();
    const ledger = new CountingLedger();
    const mqtt = { host: HOST, port: broker.port, sensors: 80, rateHz, connections: 3 };
    simulator = new Simulator({ seed: 1, mqtt, ...settings }, { ledger, clock, log: silentLogger });
    await simulator.start();
    await clock.advance(seconds * 1000 - 1);
    const quiet = simulator.quiesce(60_000);
    await until(() => {
      void clock.advance(10);
      return simulator.unacknowledged === 0;
    }, "acknowledgements");
    await clock.advance(10);
    expect(await quiet).toBe(0);
    return ledger;
  }

  /** All that a seed gives. Connections come up in any order, so messages are put in theirs. */
  async function runOnce(seed: number) {
    const { sentMessages } = await run({ seed, faultsPerHour: 600, warmUpMs: 0 }, 2, 20);
    const labels = simulator.faultLabels();
    await simulator.stop();
    const ordered = sentMessages.toSorted(
      (a, b) => a.ts - b.ts || a.device.localeCompare(b.device),
    );
    return { labels, payloads: ordered.map(payloadOf) };
  }

  test("gives every device its turn once a period, with its own time", async () => {
    const ledger = await run({}, 2, 5);
    expect(ledger.sentMessages).toHaveLength(8 * 2 * 5);
    const devices = Map.groupBy(ledger.sentMessages, ({ device }) => device);
    expect([...devices.keys()].toSorted()).toEqual([
      "meter-0004",
      "meter-0008",
      "motor-0001",
      "motor-0005",
      "oven-0003",
      "oven-0007",
      "pump-0002",
      "pump-0006",
    ]);
    for (const messages of devices.values()) {
      const gapsMs = messages.slice(1).map(({ ts }, i) => ts - (messages[i]?.ts ?? 0));
      expect(gapsMs.every((gapMs) => gapMs >= 480 && gapMs <= 520)).toBe(true);
    }
  });

  test("publishes what it tells the ledger, on the device's topic, from a stable client", async () => {
    const ledger = await run({ faultsPerHour: 2000, warmUpMs: 0 }, 5, 20);
    const received = broker.received.map(({ topic, payload }) => `${topic} ${payload}`);
    const told = ledger.sentMessages.map(
      (sent) => `plant/${sent.device} ${JSON.stringify(payloadOf(sent))}`,
    );
    expect(received.toSorted()).toEqual(told.toSorted());
    expect(broker.connects.map(({ clientId }) => clientId).toSorted()).toEqual([
      "sim-1",
      "sim-2",
      "sim-3",
    ]);
    // A device whose sensor dropped out leaves the tag out.
    const kinds = new Set(simulator.faultLabels().map(({ kind }) => kind));
    expect(kinds.has("dropout")).toBe(true);
    expect(ledger.sentMessages.some(({ tags }) => tags.length === 9)).toBe(true);
    expect(ledger.sentMessages.every(({ values }) => values.every(Number.isFinite))).toBe(true);
  });

  test("gives the same plant for the same seed, and another for another", async () => {
    const first = await runOnce(9);
    expect(first.labels.length).toBeGreaterThan(5);
    expect(await runOnce(9)).toEqual(first);
    expect((await runOnce(10)).payloads).not.toEqual(first.payloads);
  });

  test("gives distinct values within each minute of a series, faults included", async () => {
    const ledger = await run({ faultsPerHour: 600, warmUpMs: 0 }, 5, 90);
    const seen = new Set<string>();
    let readings = 0;
    for (const { device, tags, values, ts } of ledger.sentMessages) {
      for (const [i, tag] of tags.entries()) {
        readings += 1;
        seen.add(`${device}/${tag}/${Math.floor(ts / 60_000)}/${values[i]}`);
      }
    }
    expect(readings).toBeGreaterThan(30_000);
    expect(seen.size).toBe(readings);
  });

  test("holds back and counts it when a broker does not acknowledge, and drops nothing", async () => {
    broker.isAcknowledging = false;
    const clock = new ManualClock();
    const ledger = new CountingLedger();
    const mqtt = { sensors: 80, rateHz: 5, connections: 2, windowMessages: 20 };
    simulator = new Simulator(
      { seed: 1, mqtt: { ...mqtt, host: HOST, port: broker.port } },
      { ledger, clock, log: silentLogger },
    );
    await simulator.start();
    await clock.advance(5000);
    const stats = simulator.stats().mqtt;
    expect(stats?.messages).toMatchObject({ unacknowledged: 40, skipped: 0 });
    expect(stats?.messages.heldBack).toBe(201 - 40);
    broker.isAcknowledging = true;
    simulator.cutMqtt();
    const quiet = simulator.quiesce(60_000);
    await until(() => {
      void clock.advance(10);
      return simulator.unacknowledged === 0;
    }, "acknowledgements");
    await clock.advance(10);
    expect(await quiet).toBe(0);
    expect(ledger.acknowledgedMessages.size).toBe(40);
  });
});

describe("real brokers", () => {
  test("aedes receives each message, also over connections that are cut", async () => {
    const aedes = await Aedes.createBroker();
    const server = createServer(aedes.handle);
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { told, received } = await publishOverCuts(port);
    // A message may come twice, but only as the same bytes.
    expect([...new Set(received)].toSorted()).toEqual(told.toSorted());
    await new Promise<void>((resolve) => aedes.close(resolve));
    await new Promise((resolve) => server.close(resolve));
  });

  peerTest(
    "mosquitto receives each message, also over connections that are cut",
    [mosquittoBroker],
    publishToMosquitto,
  );
});

/** Publishes, cuts all connections twice, and gives what was told and what a subscriber received. */
async function publishOverCuts(port: number): Promise<{ told: string[]; received: string[] }> {
  const subscriber = await connectAsync(`mqtt://${HOST}:${port}`);
  const received: string[] = [];
  subscriber.on("message", (_topic, payload) => received.push(payload.toString()));
  await subscriber.subscribeAsync("plant/+", { qos: 1 });

  const ledger = new CountingLedger();
  const mqtt = { host: HOST, port, sensors: 200, rateHz: 20, connections: 4 };
  const parts = { ledger, clock: systemClock, log: silentLogger };
  const simulator = new Simulator({ seed: 3, mqtt }, parts);
  await simulator.start();
  for (let cuts = 0; cuts < 3; cuts++) {
    if (cuts > 0) simulator.cutMqtt();
    const sent = ledger.sentMessages.length;
    await until(() => ledger.sentMessages.length > sent + 150, "messages");
  }
  const unacknowledged = await simulator.quiesce(10_000);
  await simulator.stop();
  expect(unacknowledged).toBe(0);
  expect(ledger.acknowledgedMessages.size).toBe(ledger.sentMessages.length);
  const told = ledger.sentMessages.map((message) => JSON.stringify(payloadOf(message)));
  await until(() => new Set(received).size >= told.length, "the subscriber");
  await subscriber.endAsync();
  return { told, received };
}

async function publishToMosquitto(): Promise<void> {
  const port = await freePort();
  const config = join(await tempFolder(), "mosquitto.conf");
  await writeFile(config, `listener ${port} ${HOST}\nallow_anonymous true\n`);
  const broker = spawn("/usr/sbin/mosquitto", ["-c", config], { stdio: "ignore" });
  try {
    await untilAccepting(port);
    const { told, received } = await publishOverCuts(port);
    expect([...new Set(received)].toSorted()).toEqual(told.toSorted());
  } finally {
    broker.kill();
  }
}

async function untilAccepting(port: number): Promise<void> {
  let isAccepting = false;
  await until(() => {
    const socket = connect({ host: HOST, port });
    socket.on("error", () => {});
    socket.on("connect", () => {
      isAccepting = true;
      socket.destroy();
    });
    return isAccepting;
  }, "mosquitto");
}
