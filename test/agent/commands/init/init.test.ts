import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { initCommand } from "#agent/commands/init/init.ts";
import { initYaml } from "#agent/commands/init/init-yaml.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

// Commands start programs, or wait for wires, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

test("options and defaults make a file that is right, with the editor's line and comments", async () => {
  const file = join(await tempFolder(), "gateway.yaml");
  const options = ["--gateway", "hall-3", "--port", "/dev/ttyUSB0", "--template", "eastron-sdm630"];
  const { code, err } = await runCommand(initCommand, [file, "--no-input", ...options]);
  expect([code, err]).toEqual([
    0,
    `Wrote ${file}. Next: penstock scan, and penstock check ${file}\n`,
  ]);
  const text = readFileSync(file, "utf8");
  const [, schema = ""] = /^# yaml-language-server: \$schema=(.+)$/m.exec(text) ?? [];
  expect(existsSync(schema)).toBe(true);
  const { gateway, devices, buses } = loadGateway(file);
  expect(gateway).toBe("hall-3");
  expect(buses["rs485"]).toMatchObject({ port: "/dev/ttyUSB0", baud: 9600 });
  expect(Object.keys(devices["device-1"]!.tags).length).toBeGreaterThan(10);
});

test("a file that is there is never touched", async () => {
  const file = join(await tempFolder(), "gateway.yaml");
  await runCommand(initCommand, [file, "--no-input"]);
  const before = readFileSync(file, "utf8");
  const { code, err } = await runCommand(initCommand, [file, "--no-input", "--gateway", "other"]);
  expect(code).toBe(2);
  expect(err).toContain("is there already, and is not touched");
  expect(readFileSync(file, "utf8")).toBe(before);
});

test("on a terminal it asks, and an empty answer accepts what is suggested", async () => {
  const file = join(await tempFolder(), "gateway.yaml");
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const running = runCommand(initCommand, [file], { stdin });
  for (const answer of ["hall-7", "network", "10.0.0.5:1502", "eastron-sdm630"]) {
    stdin.write(`${answer}\n`);
    await new Promise(setImmediate);
  }
  const { code, err } = await running;
  expect(code).toBe(0);
  expect(err).toContain("Name of this gateway [");
  const { gateway, buses, devices } = loadGateway(file);
  expect(gateway).toBe("hall-7");
  expect(buses["network"]).toMatchObject({ host: "10.0.0.5", port: 1502 });
  expect(devices["device-1"]).toMatchObject({ template: "eastron-sdm630" });
});

test("on a terminal an answer that cannot be is asked for again", async () => {
  const file = join(await tempFolder(), "gateway.yaml");
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const running = runCommand(initCommand, [file], { stdin });
  const answers = [
    "Halle 7",
    "hall-7",
    "lan",
    "line",
    "/dev/ttyUSB3",
    "fast",
    "19200",
    "maybe",
    "odd",
  ];
  for (const answer of [...answers, "eastron", "eastron-sdm630, janitza-b23"]) {
    stdin.write(`${answer}\n`);
    await new Promise(setImmediate);
  }
  const { code, err } = await running;
  expect([code, err.match(/"(lan|maybe|eastron)" is none of |[Aa] (name|baud rate) /g)]).toEqual([
    0,
    [
      "a name ",
      '"lan" is none of ',
      "A baud rate ",
      '"maybe" is none of ',
      '"eastron" is none of ',
    ],
  ]);
  const { gateway, buses, devices } = loadGateway(file);
  expect([gateway, Object.keys(devices)]).toEqual(["hall-7", ["device-1", "device-2"]]);
  expect(buses["rs485"]).toMatchObject({ port: "/dev/ttyUSB3", baud: 19_200, parity: "odd" });
});

test.each(["Ctrl-C", "Ctrl-D"])("%s among the questions writes nothing", async (key) => {
  const file = join(await tempFolder(), "gateway.yaml");
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const ending = new AbortController();
  const running = runCommand(initCommand, [file], { stdin, signal: ending.signal });
  stdin.write("hall-7\n");
  await new Promise(setImmediate);
  if (key === "Ctrl-C") ending.abort();
  else stdin.end();
  const { code, err } = await running;
  expect([code, existsSync(file)]).toEqual([1, false]);
  expect(err).toMatch(/\nNothing was written\.\n$/);
});

test("a folder that is not there is misuse", async () => {
  const file = join(await tempFolder(), "nowhere", "gateway.yaml");
  const { code, err } = await runCommand(initCommand, [file, "--no-input"]);
  expect([code, err]).toEqual([2, expect.stringContaining("no such file or directory")]);
});

test.each([
  [
    ["--template", "eastron-sdm63"],
    'There is no template "eastron-sdm63". Did you mean "eastron-sdm630"?',
  ],
  [["--template", "eastron-sdm630"], "needs --port or --host"],
  [["--port", "/dev/ttyUSB0", "--host", "h"], "not both"],
])("%j is misuse", async (options, message) => {
  const file = join(await tempFolder(), "gateway.yaml");
  const { code, err } = await runCommand(initCommand, [file, "--no-input", ...options]);
  expect([code, existsSync(file)]).toEqual([2, false]);
  expect(err).toContain(message);
});

test.each([
  [undefined, []],
  [{ kind: "host", host: "10.0.0.1", port: 502 } as const, []],
  [
    { kind: "host", host: "10.0.0.1", port: 503 } as const,
    [{ name: "m", unit: 3, template: "siemens-pac3200" }],
  ],
])("what is written for %j is right", (bus, devices) => {
  const text = initYaml({ gateway: "g", schemaPath: "s.json", bus, devices });
  expect(loadGateway({ file: "g.yaml", text }).gateway).toBe("g");
});
