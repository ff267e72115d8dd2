/** A real agent tells real receivers, is killed in the middle of an alarm, and goes on. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test, vi } from "vitest";
import { PymodbusServer } from "#test/agent/sources/modbus/pymodbus-server.ts";
import { Mosquitto } from "#test/agent/sources/mqtt/mosquitto.ts";
import { alertmanager, startAlertmanager } from "#test/core/notify/alertmanager-server.ts";
import { subscriber } from "#test/core/notify/mosquitto-subscriber.ts";
import { aiosmtpd, startSmtpServer } from "#test/core/notify/smtp-server.ts";
import { type HttpReceiver, startHttpReceiver } from "#test/support/http-receiver.ts";
import { mbpoll, mosquittoBroker, mosquittoPub, peerTest, pymodbus } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";

vi.setConfig({ testTimeout: 60_000 });

const run = promisify(execFile);

class RunningAgent {
  readonly #file: string;
  #process: ChildProcess | undefined;
  #mqttPort = 0;

  constructor(file: string) {
    this.#file = file;
  }

  async start(): Promise<void> {
    const args = ["agent/main.ts", "run", "--config", this.#file, "--json"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    const line = Promise.withResolvers<string>();
    createInterface({ input: child.stdout }).once("line", line.resolve);
    child.once("exit", (code) => line.reject(new Error(`the agent ended with ${code}`)));
    const { mqttPort }: { mqttPort: number } = JSON.parse(await line.promise);
    this.#mqttPort = mqttPort;
  }

  /** As a power cut does. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Resolves when the reading, and what it led to, is on the disk. */
  async publish(temperature: number): Promise<void> {
    const client = await connectAsync({ host: "127.0.0.1", port: this.#mqttPort });
    await client.publishAsync("plant/oven-2", JSON.stringify({ temperature }), { qos: 1 });
    await client.endAsync();
  }

  /** The recipients of its file are others from now on. */
  tell(alarms: string): void {
    const text = readFileSync(this.#file, "utf8").replace(
      /^alarms:\n[^]*/m,
      `alarms:\n${alarms}\n`,
    );
    writeFileSync(this.#file, text);
    this.#process?.kill("SIGHUP");
  }

  async command(...args: string[]): Promise<string> {
    const argv = ["agent/main.ts", ...args, "--config", this.#file, "--json"];
    const { stdout } = await run(process.execPath, argv);
    return stdout;
  }
}

async function startAgent(alarms: string, buses = ""): Promise<RunningAgent> {
  const folder = await tempFolder();
  const file = join(folder, "gateway.yaml");
  writeFileSync(
    file,
    `version: 1
gateway: hall-3
log: error
buffer: { path: ${JSON.stringify(join(folder, "buffer"))} }
mqtt: { broker: { listen: "127.0.0.1:0" }, topics: [{ topic: "plant/{device}" }] }
http: { listen: "127.0.0.1:0" }
${buses}
devices:
  oven-2: { tags: { temperature: { unit: °C, limits: { hh: 240 } } }, detect: { auto: false } }
alarms:
${alarms}
`,
  );
  const agent = new RunningAgent(file);
  onTestFinished(() => agent.kill());
  await agent.start();
  return agent;
}

interface Told {
  id: string;
  incident: string;
  kind: string;
  value: number;
}

function toldTo({ received }: HttpReceiver): Told[] {
  return received.map(({ body }): Told => JSON.parse(body));
}

test("a kill in the middle of an alarm neither loses nor repeats what people are told", async () => {
  const [shift, office] = [await startHttpReceiver(), await startHttpReceiver()];
  const agent = await startAgent(`  shift: { webhook: "${shift.url}" }
  office: { webhook: "${office.url}" }`);
  shift.otherwise = 503;
  await agent.publish(250);
  await shift.has(1);
  await office.has(1);
  // Written is that office has been told only a moment later.
  await until(async () => (await agent.command("notify", "ls")).includes('"delivered":1'));
  await agent.kill();
  const tried = shift.received.length;

  shift.otherwise = 200;
  await agent.start();
  await shift.has(tried + 1);
  await agent.publish(251);
  await agent.publish(200);
  await shift.has(tried + 2);
  await office.has(2);
  const taken = toldTo(shift).slice(tried);
  expect(taken.map(({ kind }) => kind)).toEqual(["raised", "cleared"]);
  expect(new Set(toldTo(shift).map(({ id }) => id)).size).toBe(2);
  expect(toldTo(office).map(({ kind }) => kind)).toEqual(["raised", "cleared"]);
  expect(new Set([...toldTo(office), ...taken].map(({ incident }) => incident)).size).toBe(1);
});

test("what waits for a recipient is told by the way that its file has now", async () => {
  const [before, after] = [await startHttpReceiver(), await startHttpReceiver()];
  const agent = await startAgent(`  shift: { webhook: "${before.url}" }`);
  before.otherwise = 503;
  await agent.publish(250);
  await before.has(1);
  agent.tell(`  shift: { webhook: "${after.url}" }`);
  await after.has(1);
  await agent.publish(200);
  await after.has(2);
  expect(toldTo(after).map(({ kind }) => kind)).toEqual(["raised", "cleared"]);
  expect(toldTo(after)[0]?.id).toBe(toldTo(before)[0]?.id);
});

const PEERS = [aiosmtpd, mosquittoBroker, mosquittoPub, alertmanager];

peerTest("an alarm reaches real receivers by every way, and so does its end", PEERS, async () => {
  const hook = await startHttpReceiver();
  const smtp = await startSmtpServer();
  const broker = await Mosquitto.start(await tempFolder());
  onTestFinished(() => broker.stop());
  const messages = await subscriber(broker.port);
  const pager = await startHttpReceiver();
  const alerts = await startAlertmanager(pager.url);
  const addresses = "from: hall-3@example.com, to: [shift@example.com]";
  const topic = "plant/{device}/{tag}";
  const agent = await startAgent(`  shift:
    webhook: { url: "${hook.url}", key: a key of 24 characters }
    mail: { host: 127.0.0.1, port: ${smtp.port}, ${addresses} }
    mqtt: { url: "mqtt://127.0.0.1:${broker.port}", topic: "${topic}" }
    alertmanager: "${alerts}"`);
  await agent.publish(250);
  await until(() => messages.length === 1 && smtp.mails.length === 1);
  await Promise.all([hook.has(1), pager.has(1)]);
  await agent.publish(200);
  await until(() => messages.length === 2 && smtp.mails.length === 2);
  await Promise.all([hook.has(2), pager.has(2)]);
  expect(toldTo(hook).map(({ kind }) => kind)).toEqual(["raised", "cleared"]);
  expect(messages[0]).toMatch(/^0 plant\/oven-2\/temperature \{"version":1,/);
  expect(smtp.mails.map(({ to }) => to)).toEqual([["shift@example.com"], ["shift@example.com"]]);
  const paged = pager.received.map(({ path, body }) => [path, JSON.parse(body).status]);
  expect(paged).toEqual([
    ["/on-call", "firing"],
    ["/on-call", "resolved"],
  ]);
});

peerTest("a lamp shows what stands, over a kill of the agent", [pymodbus, mbpoll], async () => {
  const server = await PymodbusServer.start({ 9: { coils: [false], words: [[9, [0]]] } });
  onTestFinished(() => server.stop());
  const coil = async (): Promise<number> => {
    const where = ["-m", "tcp", "-p", String(server.port), "-a", "9", "-t", "0", "-r", "1"];
    const { stdout } = await run("mbpoll", [...where, "-c", "1", "-1", "127.0.0.1"]);
    return Number(/\[1\]:\s+(\d)/.exec(stdout)?.[1]);
  };
  const agent = await startAgent(
    `  red: { coil: { bus: packer, unit: 9, coil: 1, heartbeat: { register: 40010, every: 200ms } } }`,
    `buses: { packer: { modbus: tcp, host: 127.0.0.1, port: ${server.port} } }`,
  );
  await agent.publish(250);
  await until(async () => (await coil()) === 1);
  await agent.kill();
  expect(await coil()).toBe(1);
  await agent.start();
  await agent.publish(200);
  await until(async () => (await coil()) === 0);
  const outcomes: unknown = JSON.parse(await agent.command("notify", "test", "red"));
  expect(outcomes).toEqual([{ address: "red.coil", error: null }]);
});
