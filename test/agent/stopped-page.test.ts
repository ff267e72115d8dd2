/** A running agent whose page cannot listen: the rest of it does its work. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { statusCommand } from "#agent/commands/live/status.ts";
import { runningAgent } from "#agent/control/control-client.ts";
import type { AgentStatus, ValueRow } from "#agent/http/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { runCommand } from "#test/support/run-command.ts";
import { TakenPort } from "#test/support/taken-port.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { makeLife } from "./commands/run/make-life.ts";
import { FakeDevice, honest } from "./sources/modbus/fake-device.ts";

vi.setConfig({ testTimeout: 30_000 });

interface Rig {
  file: string;
  ask: <T>(route: string) => Promise<T>;
  life: ReturnType<typeof makeLife>;
}

/** An agent whose page's port another program has, and a device that answers. */
async function start(pagePort: number): Promise<Rig> {
  const folder = await tempFolder();
  const device = new FakeDevice(honest);
  const devicePort = await device.listen();
  onTestFinished(() => device.close());
  const file = join(folder, "gateway.yaml");
  const text = `version: 1
gateway: hall-3
buffer: { path: ${join(folder, "buffer")}, minFreeDisk: 1MiB }
http: { listen: 127.0.0.1:${pagePort} }
buses:
  packer: { modbus: tcp, host: 127.0.0.1, port: ${devicePort} }
devices:
  a: { bus: packer, every: 50ms, tags: { t: { register: 40002 } } }
`;
  writeFileSync(file, text);
  const life = makeLife(file);
  onTestFinished(() => life.stop());
  await life.start();
  const ask = async <T>(route: string): Promise<T> =>
    await (await runningAgent(join(folder, "buffer"))).ask<T>(route);
  return { file, ask, life };
}

test("a page whose port is in use is missed, told, and there once the port is free", async () => {
  const taken = await TakenPort.take();
  const { port } = taken;
  const { file, ask, life } = await start(port);
  const isRead = async (): Promise<boolean> =>
    (await ask<ValueRow[]>("GET /values?device=a")).at(-1)?.value === 1;
  await until(isRead);
  const detail = expect.stringMatching(`cannot listen on 127.0.0.1:${port}: .*EADDRINUSE`);
  expect((await ask<AgentStatus>("GET /status")).page).toEqual({ state: "stopped", detail });
  const { active } = await ask<{ active: AlarmTransition[] }>("GET /alarms");
  expect(active).toMatchObject([
    { device: "(gateway)", tag: "(page)", rule: "stopped", priority: "medium", message: detail },
  ]);
  const { code, out } = await runCommand(statusCommand, ["--config", file]);
  expect(code).toBe(1);
  expect(out).toMatch(/^WARNING: hall-3: the page is stopped: cannot listen on/);
  await taken.free();
  await until(() => life.agent?.httpPort === port);
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  expect((await ask<AgentStatus>("GET /status")).page).toEqual({ state: "running" });
  expect((await ask<{ active: AlarmTransition[] }>("GET /alarms")).active).toEqual([]);
});
