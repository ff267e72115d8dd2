/** A running agent whose file changes under it. */
import { writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { statusCommand } from "#agent/commands/live/status.ts";
import type { StatusAnswer } from "#agent/commands/live/status-report.ts";
import type { AgentLife } from "#agent/commands/run/agent-life.ts";
import { configDiffCommand } from "#agent/commands/settings/config-diff.ts";
import { runningAgent } from "#agent/control/control-client.ts";
import type { ValueRow } from "#agent/http/contract.ts";
import { runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { FakeDevice, honest } from "../../sources/modbus/fake-device.ts";
import { makeLife } from "./make-life.ts";

vi.setConfig({ testTimeout: 30_000 });

let one: FakeDevice;
let two: FakeDevice;
let folder: string;
let file: string;
let life: AgentLife;
let base: string;

beforeEach(async () => {
  one = new FakeDevice(honest);
  two = new FakeDevice(honest);
  folder = await tempFolder();
  file = join(folder, "gateway.yaml");
  base = `version: 1
gateway: hall-3
buffer: { path: ${join(folder, "buffer")}, minFreeDisk: 1MiB }
http: { listen: 127.0.0.1:0 }
buses:
  one: { modbus: tcp, host: 127.0.0.1, port: ${await one.listen()} }
  two: { modbus: tcp, host: 127.0.0.1, port: ${await two.listen()} }
devices:
  a: { bus: one, every: 50ms, tags: { t: { register: 40002, limits: { h: 5 } } } }
  b: { bus: two, every: 50ms, tags: { t: { register: 40003 } } }
`;
  writeFileSync(file, base);
  life = makeLife(file);
  await life.start();
});

afterEach(async () => {
  await life.stop();
  await one.close();
  await two.close();
});

async function ask<T>(route: string): Promise<T> {
  return await (await runningAgent(join(folder, "buffer"))).ask<T>(route);
}

async function valueOf(device: string): Promise<unknown> {
  const rows = await ask<ValueRow[]>(`GET /values?device=${device}`);
  return rows.at(-1)?.value;
}

async function change(from: string, to: string): Promise<void> {
  writeFileSync(file, base.replace(from, to));
  await life.reload();
}

test("a changed device is read anew, and the other bus keeps its connection", async () => {
  await until(async () => (await valueOf("b")) === 2);
  await change("{ register: 40003 }", "{ register: 40010 }");
  await until(async () => (await valueOf("b")) === 9);
  expect([one.connections, two.connections]).toEqual([1, 2]);
});

test("what was read before, and what is read after, is stored once", async () => {
  await until(async () => (await valueOf("b")) === 2);
  for (const register of [40_004, 40_005, 40_006]) {
    await change("{ register: 40003 }", `{ register: ${register} }`);
    await until(async () => (await valueOf("b")) === register - 40_001);
  }
  // Every request is answered at once, and each answer is one reading of one tag. A poll that a
  // change cuts short was never a reading; there is one a change at most, and one under way.
  const askedBefore = two.requests.length;
  const { readings } = await ask<StatusAnswer>("GET /status");
  expect(readings.bySource["two"]).toBeGreaterThanOrEqual(askedBefore - 4);
  expect(readings.bySource["two"]).toBeLessThanOrEqual(two.requests.length);
});

test("a file with faults leaves the last good one running, as an alarm and in the status", async () => {
  await until(async () => (await valueOf("a")) === 1);
  await change("register: 40003", "regster: 40003");
  const { code, out } = await runCommand(statusCommand, ["--config", file]);
  expect(code).toBe(1);
  expect(out).toMatch(
    /^WARNING: hall-3: the file has faults, and an older state of it runs: .*regster/,
  );
  const status = await ask<StatusAnswer>("GET /status");
  expect(status.configuration?.faults).toEqual([
    expect.stringContaining('gateway.yaml:10: unknown key "regster"'),
  ]);
  const alarms = await ask<{ active: { rule: string }[] }>("GET /alarms");
  expect(alarms.active).toMatchObject([{ tag: "(configuration)", rule: "faulty" }]);
  const polls = one.requests.length;
  await until(() => one.requests.length > polls + 2);
  await change("", "");
  expect((await ask<StatusAnswer>("GET /status")).configuration?.faults).toEqual([]);
  expect(await ask("GET /alarms")).toMatchObject({ active: [] });
});

test("a half-written and an empty file change nothing", async () => {
  for (const text of [base.slice(0, 200), "", base.slice(0, 30)]) {
    writeFileSync(file, text);
    await life.reload();
    const status = await ask<StatusAnswer>("GET /status");
    expect(status.configuration?.faults).toHaveLength(1);
    expect(status.sources.map(({ name }) => name)).toEqual(["one", "two"]);
  }
});

test("a file that is not UTF-8 changes nothing, and is told with its line and what to do", async () => {
  const text = base.replace("gateway: hall-3", "gateway: hall-3\nsite: M\u00fcnchen");
  for (const encoding of ["latin1", "utf16le"] as const) {
    writeFileSync(file, Buffer.from(`${encoding === "latin1" ? "" : "\ufeff"}${text}`, encoding));
    await life.reload();
    const status = await ask<StatusAnswer>("GET /status");
    const line = encoding === "latin1" ? 3 : 1;
    const fault = expect.stringMatching(`gateway\\.yaml:${line}: .*UTF-8.*\\(save it`);
    expect(status.configuration?.faults).toEqual([fault]);
    expect(await ask("GET /alarms")).toMatchObject({
      active: [{ rule: "faulty", message: fault }],
    });
    expect(status.sources.map(({ name }) => name)).toEqual(["one", "two"]);
    const polls = one.requests.length;
    await until(() => one.requests.length > polls + 2);
    writeFileSync(file, text);
    await life.reload();
    expect(await ask("GET /alarms")).toMatchObject({ active: [] });
  }
});

test("a new limit holds at once, and an alarm of the old one ends", async () => {
  await until(async () => (await valueOf("a")) === 1);
  await change("limits: { h: 5 }", "limits: { h: 0.5 }");
  await until(async () => {
    const { active } = await ask<{ active: { rule: string }[] }>("GET /alarms");
    return active.some(({ rule }) => rule === "limit-h");
  });
  await change("limits: { h: 5 }", "limits: { h: 7 }");
  await until(async () => {
    const { active } = await ask<{ active: object[] }>("GET /alarms");
    return active.length === 0;
  });
  expect(one.connections).toBe(1);
});

test("config diff tells what another file would change in the running agent", async () => {
  const other = join(folder, "other.yaml");
  writeFileSync(other, base);
  expect(await runCommand(configDiffCommand, [other])).toMatchObject({ code: 0, out: "" });
  writeFileSync(other, base.replace("40003", "40004"));
  expect(await runCommand(configDiffCommand, [other])).toMatchObject({
    code: 1,
    out: "~ devices.b.tags.t.register: 40003 → 40004\n",
  });
});

test("a file that appears in conf.d is noticed", async () => {
  await mkdir(join(folder, "conf.d"));
  writeFileSync(
    join(folder, "conf.d/more.yaml"),
    "devices:\n  c: { bus: two, unit: 2, every: 50ms, tags: { t: { register: 40008 } } }\n",
  );
  await until(async () => (await valueOf("c")) === 7);
  expect(two.connections).toBe(2);
});

test("another gateway name starts everything anew, on the same buffer", async () => {
  await until(async () => (await valueOf("a")) === 1);
  await change("gateway: hall-3", "gateway: hall-4");
  const status = await ask<StatusAnswer>("GET /status");
  expect(status.gateway).toBe("hall-4");
  await until(async () => (await valueOf("a")) === 1);
});
