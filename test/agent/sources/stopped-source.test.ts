/** A running agent of which one source cannot start: the rest of it does its work. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { statusCommand } from "#agent/commands/live/status.ts";
import type { StatusAnswer } from "#agent/commands/live/status-report.ts";
import { runningAgent } from "#agent/control/control-client.ts";
import type { ValueRow } from "#agent/http/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { runCommand } from "#test/support/run-command.ts";
import { TakenPort } from "#test/support/taken-port.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { makeLife } from "../commands/run/make-life.ts";
import { FakeDevice, honest } from "./modbus/fake-device.ts";
import { makeCertificates } from "./mqtt/certificates.ts";

vi.setConfig({ testTimeout: 30_000 });

let folder: string;
let file: string;
let devicePort: number;

beforeEach(async () => {
  folder = await tempFolder();
  file = join(folder, "gateway.yaml");
  const device = new FakeDevice(honest);
  devicePort = await device.listen();
  onTestFinished(() => device.close());
});

/** The agent of a file with this section for MQTT, and a device that answers. */
async function start(mqtt: string): Promise<ReturnType<typeof makeLife>> {
  writeFileSync(file, text(mqtt));
  const life = makeLife(file);
  onTestFinished(() => life.stop());
  await life.start();
  return life;
}

function text(mqtt: string): string {
  return `version: 1
gateway: hall-3
buffer: { path: ${join(folder, "buffer")}, minFreeDisk: 1MiB }
http: { listen: 127.0.0.1:0 }
mqtt:
  ${mqtt}
buses:
  packer: { modbus: tcp, host: 127.0.0.1, port: ${devicePort} }
devices:
  a: { bus: packer, every: 50ms, tags: { t: { register: 40002 } } }
`;
}

async function ask<T>(route: string): Promise<T> {
  return await (await runningAgent(join(folder, "buffer"))).ask<T>(route);
}

async function sourceNamed(name: string): Promise<object | undefined> {
  const { sources } = await ask<StatusAnswer>("GET /status");
  return sources.find((source) => source.name === name);
}

async function activeAlarms(): Promise<readonly AlarmTransition[]> {
  return (await ask<{ active: AlarmTransition[] }>("GET /alarms")).active;
}

async function deviceIsRead(): Promise<boolean> {
  return (await ask<ValueRow[]>("GET /values?device=a")).at(-1)?.value === 1;
}

test("a port in use stops the broker alone, says so, and is tried until it is free", async () => {
  const taken = await TakenPort.take();
  const { port } = taken;
  const life = await start(`broker: { listen: 127.0.0.1:${port} }`);
  expect(life.agent?.mqttPort).toBeUndefined();
  await until(deviceIsRead);
  const detail = expect.stringMatching(`cannot listen on 127.0.0.1:${port}: .*EADDRINUSE`);
  expect(await sourceNamed("mqtt")).toMatchObject({ state: "stopped", detail });
  expect(await activeAlarms()).toMatchObject([
    { device: "(gateway)", tag: "(broker)", rule: "stopped", message: detail },
  ]);
  const { code, out } = await runCommand(statusCommand, ["--config", file]);
  expect(code).toBe(2);
  expect(out).toMatch(/^CRITICAL: hall-3: mqtt is stopped: the MQTT broker cannot listen on/);
  await taken.free();
  await until(() => life.agent?.mqttPort === port);
  expect(await activeAlarms()).toEqual([]);
  expect(await sourceNamed("mqtt")).toMatchObject({ state: "running" });
});

test("a TLS folder that is missing stops the broker, and a reload tries it at once", async () => {
  const tls = join(folder, "tls");
  const life = await start(`broker: { listen: 127.0.0.1:0, tls: ${tls} }`);
  await until(deviceIsRead);
  const detail = expect.stringContaining(`there is no ${tls}/cert.pem`);
  expect(await sourceNamed("mqtt")).toMatchObject({ state: "stopped", detail });
  mkdirSync(tls);
  await makeCertificates(tls);
  await life.reload();
  expect(await sourceNamed("mqtt")).toMatchObject({ state: "running" });
  expect(await activeAlarms()).toEqual([]);
});

test("what is no certificate stops the broker, too", async () => {
  const tls = join(folder, "tls");
  mkdirSync(tls);
  for (const name of ["cert", "key"]) writeFileSync(join(tls, `${name}.pem`), "none\n");
  await start(`broker: { listen: 127.0.0.1:0, tls: ${tls} }`);
  await until(deviceIsRead);
  const detail = expect.stringContaining(`the files in ${tls} are no pair`);
  expect(await sourceNamed("mqtt")).toMatchObject({ state: "stopped", detail });
});

test("an outside broker without its TLS files is stopped, and not asked without them", async () => {
  let connections = 0;
  const taken = await TakenPort.take(() => {
    connections += 1;
  });
  onTestFinished(() => taken.free());
  const { port } = taken;
  const url = `mqtts://127.0.0.1:${port}`;
  await start(
    `remotes: { line: { url: "${url}", tls: ${folder}, topics: [{ topic: "{device}" }] } }`,
  );
  await until(deviceIsRead);
  const detail = `there is no ca.pem, cert.pem or key.pem in ${folder}`;
  expect(await sourceNamed("line")).toMatchObject({ state: "stopped", detail });
  expect(await activeAlarms()).toMatchObject([{ tag: "(remote line)", rule: "stopped" }]);
  expect(connections).toBe(0);
});

test("a source that is taken out of the file takes its alarm with it", async () => {
  const taken = await TakenPort.take();
  onTestFinished(() => taken.free());
  const { port } = taken;
  const life = await start(`broker: { listen: 127.0.0.1:${port} }`);
  expect(await activeAlarms()).toHaveLength(1);
  writeFileSync(file, text("").replace("mqtt:\n", ""));
  await life.reload();
  expect(await activeAlarms()).toEqual([]);
  expect(await sourceNamed("mqtt")).toBeUndefined();
});
