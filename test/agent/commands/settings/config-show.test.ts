import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { configDiffCommand } from "#agent/commands/settings/config-diff.ts";
import { configShowCommand } from "#agent/commands/settings/config-show.ts";
import { runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

// Commands start programs, or wait for wires, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const TEXT = `version: 1
gateway: hall-3
uplink: { eventHubs: { connectionString: !secret hub, hub: telemetry } }
buses:
  one: { modbus: tcp, host: 10.0.0.1 }
devices:
  meter:
    bus: one
    every: 5s
    template: eastron-sdm630
    tags: { voltage_l1n: { limits: { h: 250 } } }
`;

async function file(text = TEXT): Promise<string> {
  const folder = await tempFolder();
  const path = join(folder, "gateway.yaml");
  writeFileSync(path, text);
  writeFileSync(join(folder, "secrets.yaml"), "hub: Endpoint=sb://hunter2/\n", { mode: 0o600 });
  return path;
}

interface Shown {
  path: string;
  value: string;
  from: string;
}

async function show(path: string, ...options: string[]): Promise<Shown[]> {
  const { code, out } = await runCommand(configShowCommand, [path, "--json", ...options]);
  expect(code).toBe(0);
  expect(out).not.toContain("hunter2");
  return JSON.parse(out);
}

test("each value is shown with the line that it comes from, its template's, or as a default", async () => {
  const path = await file();
  const shown = await show(path, "--effective");
  const of = (wanted: string): Shown | undefined => shown.find((row) => row.path === wanted);
  expect(of("devices.meter.every")).toMatchObject({ value: "5s", from: `${path}:9` });
  expect(of("devices.meter.tags.voltage_l1n.limits.h")).toMatchObject({ from: `${path}:11` });
  const fromTemplate = of("devices.meter.tags.voltage_l1n.register");
  expect(fromTemplate?.value).toBe("30001");
  expect(fromTemplate?.from).toMatch(/config\/templates\/eastron-sdm630\.yaml:\d+$/);
  expect(of("buses.one.port")).toMatchObject({ value: "502", from: "default" });
  expect(of("uplink.eventHubs.connectionString")).toMatchObject({
    value: "(secret)",
    from: `${path}:3`,
  });
});

test("without --effective only what is written in the files is shown", async () => {
  const path = await file();
  const shown = await show(path);
  expect(shown.every(({ from }) => from.startsWith(`${path}:`))).toBe(true);
  expect(shown.map((row) => row.path)).toContain("devices.meter.bus");
});

test("two files are compared by what holds, not by how they are written", async () => {
  const before = await file();
  const same = await file(TEXT.replace("every: 5s", "every: 5000ms # as before"));
  const other = await file(TEXT.replace("every: 5s", "every: 1s"));
  expect(await runCommand(configDiffCommand, [before, same])).toMatchObject({ code: 0, out: "" });
  const { code, out } = await runCommand(configDiffCommand, [before, other]);
  expect([code, out]).toEqual([1, "~ devices.meter.every: 5000 → 1000\n"]);
});
