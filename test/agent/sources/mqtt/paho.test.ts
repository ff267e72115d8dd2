/** Debian's paho as a device of the embedded broker, in the plain and by client certificate. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished } from "vitest";
import type { MqttBroker } from "#agent/sources/mqtt/mqtt-broker.ts";
import { hashPassword } from "#agent/sources/mqtt/password.ts";
import type { MemoryIntake } from "#test/support/memory-intake.ts";
import { paho, peerTest } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { makeCertificates } from "./certificates.ts";
import { startBroker } from "./start-broker.ts";

const USER = { publish: ["plant/{user}"], subscribe: ["penstock/alarms/#"] };

function startPaho(...args: string[]): unknown[] {
  const script = join(import.meta.dirname, "paho-client.py");
  const child: ChildProcess = spawn("/usr/bin/python3", [script, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  const heard: unknown[] = [];
  if (!child.stdout) throw new Error("no output");
  createInterface({ input: child.stdout }).on("line", (line) => heard.push(JSON.parse(line)));
  return heard;
}

async function expectServed(
  { broker, intake }: { broker: MqttBroker; intake: MemoryIntake },
  heard: readonly unknown[],
): Promise<void> {
  onTestFinished(() => broker.stop());
  await until(() => heard.length === 4);
  expect(heard).toEqual([
    { acknowledged: 0 },
    { acknowledged: 1 },
    { acknowledged: 2 },
    { subscribed: 1 },
  ]);
  expect(intake.latest("press")).toEqual({ qos0: 0, qos1: 1, qos2: 2 });
  broker.publish("penstock/alarms/press/qos1", "hot");
  await until(() => heard.length === 5);
  expect(heard[4]).toEqual({ topic: "penstock/alarms/press/qos1", payload: "b'hot'" });
}

peerTest("paho publishes at each QoS with its password, and hears alarms", [paho], async () => {
  const users = { press: { ...USER, password: await hashPassword("right") } };
  const started = await startBroker({ users });
  await expectServed(started, startPaho(String(started.broker.port), "press", "right"));
});

peerTest("paho is known by its client certificate over TLS", [paho], async () => {
  const folder = await tempFolder();
  await makeCertificates(folder);
  const started = await startBroker({ users: { press: USER }, tls: folder });
  const files = ["ca.pem", "press-cert.pem", "press-key.pem"].map((name) => join(folder, name));
  await expectServed(started, startPaho(String(started.broker.port), "press", "", ...files));
});
