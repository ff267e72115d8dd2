import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { connectAsync, type MqttClient } from "mqtt";
import { describe, expect, onTestFinished } from "vitest";
import type { AcceptOutcome } from "#agent/sources/contract.ts";
import { RemoteBroker } from "#agent/sources/mqtt/remote-broker.ts";
import { gatewaySchema } from "#config/gateway.ts";
import { type Clock, systemClock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";
import { mosquittoBroker, mosquittoPub, peerTest } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { makeCertificates } from "./certificates.ts";
import { Mosquitto } from "./mosquitto.ts";
import { counterOf, startBroker, TOPICS } from "./start-broker.ts";

/** Of Debian's package; it checks subscriptions, which a plain list of rights does not. */
const DYNAMIC_SECURITY = "/usr/lib/*/mosquitto_dynamic_security.so";

const run = promisify(execFile);
const MESSAGE = '{"ts":1763707200000,"speed":1.5}';

async function startMosquitto(lines: readonly string[] = []): Promise<Mosquitto> {
  const mosquitto = await Mosquitto.start(await tempFolder(), lines);
  onTestFinished(() => mosquitto.stop());
  return mosquitto;
}

async function startRemote(
  port: number,
  intake: MemoryIntake,
  remote: Record<string, unknown> = {},
  clock: Clock = systemClock,
): Promise<RemoteBroker> {
  const { scheme = "mqtt", ...rest } = remote;
  const url = `${String(scheme)}://localhost:${port}`;
  const settings = gatewaySchema.parse({
    version: 1,
    gateway: "test",
    uplink: { eventHubs: { connectionString: "Endpoint=sb://localhost/", hub: "h" } },
    mqtt: { remotes: { plant: { url, clientId: "gateway", topics: TOPICS, ...rest } } },
  }).mqtt?.remotes["plant"];
  if (!settings) throw new Error("no remote");
  const broker = new RemoteBroker({
    name: "plant",
    settings,
    intake,
    clock,
    random: createRandom(1),
    log: silentLogger,
  });
  await broker.start();
  onTestFinished(() => broker.stop());
  return broker;
}

async function publisher(port: number): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`);
  onTestFinished(() => client.endAsync(true));
  return client;
}

/** Lines for a mosquitto that lets nobody subscribe to what is below the pattern. */
async function refusing(pattern: string): Promise<string[]> {
  const file = join(await tempFolder(), "rights.json");
  const acl = { acltype: "subscribePattern", topic: pattern, allow: false, priority: 1 };
  const rights = {
    defaultACLAccess: {
      publishClientSend: true,
      publishClientReceive: true,
      subscribe: true,
      unsubscribe: true,
    },
    clients: [],
    groups: [{ groupname: "anybody", roles: [{ rolename: "reader" }] }],
    roles: [{ rolename: "reader", acls: [acl] }],
    anonymousGroup: "anybody",
  };
  await writeFile(file, JSON.stringify(rights));
  return [`plugin ${globSync(DYNAMIC_SECURITY).join("")}`, `plugin_opt_config_file ${file}`];
}

const isRunning = (broker: RemoteBroker) => (): boolean => broker.status().state === "running";

describe("the embedded broker", () => {
  peerTest("takes what mosquitto_pub publishes, at each QoS", [mosquittoPub], async () => {
    const { broker, intake } = await startBroker();
    onTestFinished(() => broker.stop());
    const to = ["-h", "127.0.0.1", "-p", String(broker.port)];
    for (const qos of ["1", "2"]) {
      await run("mosquitto_pub", [...to, "-q", qos, "-t", `one/d${qos}/n`, "-m", qos]);
      expect(intake.latest(`d${qos}`)).toEqual({ n: Number(qos) });
    }
    await run("mosquitto_pub", [...to, "-q", "0", "-t", "plant/d0", "-m", MESSAGE]);
    await until(() => intake.readings("d0").length === 1);
  });

  peerTest("fails mosquitto_pub when nothing can be stored", [mosquittoPub], async () => {
    const { broker, intake } = await startBroker();
    onTestFinished(() => broker.stop());
    intake.refuse = () => Promise.reject(new PenstockError("BUFFER_FAILED", "disk"));
    const to = ["-h", "127.0.0.1", "-p", String(broker.port)];
    const publishing = run("mosquitto_pub", [...to, "-q", "1", "-t", "one/d/n", "-m", "1"]);
    await expect(publishing).rejects.toMatchObject({ code: 7 });
  });
});

describe("an outside broker", () => {
  peerTest("gets its acknowledgement when the readings are stored", [mosquittoBroker], async () => {
    // It sends the second message when it has the acknowledgement of the first.
    const mosquitto = await startMosquitto(["max_inflight_messages 1"]);
    const intake = new MemoryIntake();
    const accepts: PromiseWithResolvers<AcceptOutcome>[] = [];
    intake.refuse = () => {
      const accept = Promise.withResolvers<AcceptOutcome>();
      accepts.push(accept);
      return accept.promise;
    };
    const remote = await startRemote(mosquitto.port, intake);
    await until(isRunning(remote));
    const device = await publisher(mosquitto.port);
    for (const n of [1, 2]) await device.publishAsync("one/d/n", String(n), { qos: 1 });
    await until(() => accepts.length > 0);
    await delay(100);
    expect(accepts).toHaveLength(1);
    accepts[0]?.resolve("stored");
    await until(() => accepts.length === 2);
    accepts[1]?.resolve("stored");
    await until(() => counterOf(remote, "readings") === 2);
  });

  for (const protocol of [4, 5]) {
    peerTest(
      `sends again what the intake refused (protocol ${protocol})`,
      [mosquittoBroker],
      async () => {
        const mosquitto = await startMosquitto();
        const intake = new MemoryIntake();
        intake.refuse = () => Promise.reject(new PenstockError("BUFFER_FULL", "full"));
        const remote = await startRemote(mosquitto.port, intake, { protocol });
        await until(isRunning(remote));
        const device = await publisher(mosquitto.port);
        await device.publishAsync("plant/d1", MESSAGE, { qos: 1 });
        await until(() => counterOf(remote, "refused") === 1);
        intake.refuse = undefined;
        await until(() => intake.readings("d1").length === 1);
        expect(counterOf(remote, "disconnects")).toBeGreaterThan(0);
      },
    );

    peerTest(
      `keeps what is published while the gateway is away (protocol ${protocol})`,
      [mosquittoBroker],
      async () => {
        const mosquitto = await startMosquitto();
        const intake = new MemoryIntake();
        const first = await startRemote(mosquitto.port, intake, { protocol });
        await until(isRunning(first));
        await first.stop();
        const device = await publisher(mosquitto.port);
        await device.publishAsync("plant/d1", MESSAGE, { qos: 1 });
        await startRemote(mosquitto.port, intake, { protocol });
        await until(() => intake.readings("d1").length === 1);
      },
    );
  }

  for (const protocol of [4, 5]) {
    peerTest(
      `is spoken to over TLS, and shown a certificate (protocol ${protocol})`,
      [mosquittoBroker],
      async () => {
        const folder = await tempFolder();
        await makeCertificates(folder);
        const mosquitto = await startMosquitto([
          `cafile ${folder}/ca.pem`,
          `certfile ${folder}/cert.pem`,
          `keyfile ${folder}/key.pem`,
          "require_certificate true",
          "use_identity_as_username true",
        ]);
        const stranger = await tempFolder();
        await copyFile(join(folder, "ca.pem"), join(stranger, "ca.pem"));
        const own = await tempFolder();
        await copyFile(join(folder, "ca.pem"), join(own, "ca.pem"));
        for (const file of ["cert.pem", "key.pem"]) {
          await copyFile(join(folder, `press-${file}`), join(own, file));
        }
        const intake = new MemoryIntake();
        const options = { scheme: "mqtts", protocol, topics: [{ topic: "one/{device}/{tag}" }] };
        const refused = await startRemote(mosquitto.port, intake, {
          ...options,
          clientId: "stranger",
          tls: stranger,
        });
        const remote = await startRemote(mosquitto.port, intake, { ...options, tls: own });
        await until(isRunning(remote));
        await until(() => refused.status().state === "degraded");
        const device = await connectAsync(`mqtts://localhost:${mosquitto.port}`, {
          ca: readFileSync(join(folder, "ca.pem")),
          cert: readFileSync(join(own, "cert.pem")),
          key: readFileSync(join(own, "key.pem")),
        });
        onTestFinished(() => device.endAsync(true));
        await device.publishAsync("one/d/n", "7", { qos: 1 });
        await until(() => intake.readings("d").length === 1);
      },
    );
  }

  peerTest("has several messages under way at once", [mosquittoBroker], async () => {
    const mosquitto = await startMosquitto();
    const intake = new MemoryIntake();
    const gate = Promise.withResolvers<AcceptOutcome>();
    intake.refuse = () => gate.promise;
    const remote = await startRemote(mosquitto.port, intake);
    await until(isRunning(remote));
    const device = await publisher(mosquitto.port);
    for (let n = 0; n < 15; n++) await device.publishAsync("one/d/n", String(n), { qos: 1 });
    await until(() => counterOf(remote, "waiting_messages") === 15);
    gate.resolve("stored");
    await until(() => counterOf(remote, "readings") === 15);
  });

  peerTest("is connected to again after it was away", [mosquittoBroker], async () => {
    const mosquitto = await startMosquitto();
    const intake = new MemoryIntake();
    const remote = await startRemote(mosquitto.port, intake);
    await until(isRunning(remote));
    await mosquitto.stop();
    await until(() => remote.status().state === "degraded");
    expect(remote.status().detail).toMatch(/^not connected: /);
    await mosquitto.run();
    await until(isRunning(remote));
    const device = await publisher(mosquitto.port);
    await device.publishAsync("plant/d1", MESSAGE, { qos: 1 });
    await until(() => intake.readings("d1").length === 1);
  });

  for (const protocol of [4, 5]) {
    peerTest(
      `that refuses one subscription gives the others (protocol ${protocol})`,
      [mosquittoBroker],
      async () => {
        const mosquitto = await startMosquitto(await refusing("plant/#"));
        const intake = new MemoryIntake();
        const remote = await startRemote(mosquitto.port, intake, { protocol });
        await until(() => counterOf(remote, "connects") === 1);
        expect(remote.status().detail).toBe("it refuses the subscription to plant/+");
        expect(remote.troubles()).toMatchObject([{ rule: "dead", priority: "medium" }]);
        const device = await publisher(mosquitto.port);
        await device.publishAsync("one/d/n", "7", { qos: 1 });
        await until(() => intake.readings("d").length === 1);
      },
    );
  }

  peerTest(
    "that throws the gateway out again and again is told of",
    [mosquittoBroker],
    async () => {
      const mosquitto = await startMosquitto();
      const clock = new ManualClock();
      const remote = await startRemote(mosquitto.port, new MemoryIntake(), {}, clock);
      for (let i = 0; i < 3; i++) {
        await until(isRunning(remote));
        expect(remote.troubles()).toEqual([]);
        const other = await connectAsync(`mqtt://127.0.0.1:${mosquitto.port}`, {
          clientId: "gateway",
        });
        await until(() => remote.status().state === "degraded");
        await other.endAsync();
        await until(() => clock.waiting.includes("mqtt reconnect"));
        await clock.advance(2000);
      }
      await until(isRunning(remote));
      const message = expect.stringContaining("whether another program has its clientId");
      expect(remote.troubles()).toMatchObject([{ rule: "dead", priority: "high", message }]);
      await clock.advance(30_000);
      expect(remote.troubles()).toEqual([]);
    },
  );

  peerTest("that refuses every subscription is named", [mosquittoBroker], async () => {
    const mosquitto = await startMosquitto(await refusing("#"));
    const remote = await startRemote(mosquitto.port, new MemoryIntake());
    await until(() => remote.status().state === "degraded");
    expect(remote.status().detail).toBe(
      "not connected: the broker refuses the subscription to plant/+, one/+/+",
    );
  });

  for (const sparkplug of [undefined, { hostId: "hall-3" }]) {
    const title = sparkplug ? "as a Sparkplug host" : "as a source";
    peerTest(
      `that is frozen is left without its goodbye, ${title}`,
      [mosquittoBroker],
      async () => {
        const mosquitto = await startMosquitto();
        const clock = new ManualClock();
        const remote = await startRemote(mosquitto.port, new MemoryIntake(), { sparkplug }, clock);
        await until(isRunning(remote));
        mosquitto.freeze();
        const stopping = remote.stop();
        await until(() => clock.waiting.includes("mqtt goodbye"));
        await clock.advance(2000);
        await stopping;
        expect(remote.status().state).toBe("stopped");
      },
    );
  }

  peerTest("tells what it keeps once, and not as new", [mosquittoBroker], async () => {
    const mosquitto = await startMosquitto();
    const device = await publisher(mosquitto.port);
    const keep = { qos: 1, retain: true } as const;
    await device.publishAsync("one/d/mode", "3", keep);
    const intake = new MemoryIntake();
    const remote = await startRemote(mosquitto.port, intake, { clientId: undefined });
    await until(() => intake.readings("d").length === 1);
    await mosquitto.stop();
    await until(() => remote.status().state === "degraded");
    await mosquitto.run();
    const again = await publisher(mosquitto.port);
    await until(() => counterOf(remote, "retained_repeats") === 1);
    await again.publishAsync("one/d/mode", "4", keep);
    await until(() => intake.readings("d").length === 2);
    expect(intake.readings("d")).toMatchObject([
      { value: 3, quality: "uncertain", reason: "retained" },
      { value: 4, quality: "good" },
    ]);
  });

  peerTest("loses no message to one before it that is too large", [mosquittoBroker], async () => {
    const mosquitto = await startMosquitto();
    const intake = new MemoryIntake();
    const remote = await startRemote(mosquitto.port, intake);
    await until(isRunning(remote));
    const device = await publisher(mosquitto.port);
    await device.publishAsync("plant/d1", Buffer.alloc(8 * 1024 * 1024, "9"), { qos: 1 });
    await device.publishAsync("plant/d1", MESSAGE, { qos: 1 });
    await until(() => intake.readings("d1").length === 1);
    expect(remote.status().counters).toMatchObject({ packets_too_large: 1, disconnects: 0 });
    // It was acknowledged, so it does not come again.
    await remote.stop();
    const again = await startRemote(mosquitto.port, intake);
    await until(isRunning(again));
    await device.publishAsync("plant/d1", MESSAGE, { qos: 1 });
    await until(() => intake.readings("d1").length === 2);
    expect(counterOf(again, "packets_too_large")).toBe(0);
  });

  peerTest("loses no message to a malformed one before it", [mosquittoBroker], async () => {
    const mosquitto = await startMosquitto();
    const intake = new MemoryIntake();
    const remote = await startRemote(mosquitto.port, intake);
    await until(isRunning(remote));
    const device = await publisher(mosquitto.port);
    await device.publishAsync("plant/d1", "{broken", { qos: 1 });
    await device.publishAsync("plant/d1", MESSAGE, { qos: 1 });
    await until(() => intake.readings("d1").length === 1);
    expect(counterOf(remote, "malformed")).toBe(1);
  });

  peerTest("divides its messages among gateways that share a name", [mosquittoBroker], async () => {
    const mosquitto = await startMosquitto();
    const intakes = [new MemoryIntake(), new MemoryIntake()];
    for (const [i, intake] of intakes.entries()) {
      const options = { clientId: `gateway-${i}`, share: "gateways" };
      const remote = await startRemote(mosquitto.port, intake, options);
      await until(isRunning(remote));
    }
    const device = await publisher(mosquitto.port);
    for (let n = 0; n < 20; n++) await device.publishAsync("one/d/n", String(n), { qos: 1 });
    await until(() => intakes.flatMap((intake) => intake.readings("d")).length === 20);
    await delay(50);
    const counts = intakes.map((intake) => intake.readings("d").length);
    expect(counts[0]! + counts[1]!).toBe(20);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });
});
