/** `read`, `probe` and `scan` against a device, with and without a running agent in between. */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Agent } from "#agent/agent.ts";
import { probeCommand } from "#agent/commands/device/probe.ts";
import { readCommand } from "#agent/commands/device/read.ts";
import { statusCommand } from "#agent/commands/live/status.ts";
import { tailCommand } from "#agent/commands/live/tail.ts";
import { topCommand } from "#agent/commands/live/top.ts";
import { doctorCommand } from "#agent/commands/machine/doctor.ts";
import { supportBundleCommand } from "#agent/commands/machine/support-bundle.ts";
import { scanCommand } from "#agent/commands/scan/scan.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { exceptionAnswer, FakeDevice, registersAnswer } from "../sources/modbus/fake-device.ts";

// Commands start programs, or wait for wires, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** A float32 of 71.2 with swapped registers, then a counter of 74565. */
const WORDS = [0x6666, 0x428e, 0x0001, 0x2345];

let device: FakeDevice;
let file: string;
let agent: Agent | undefined;

beforeEach(async () => {
  device = new FakeDevice((request, socket) => {
    if (request.unit !== 3) return;
    if (request.start + request.size > 8) return void socket.write(exceptionAnswer(request, 2));
    socket.write(registersAnswer(request, (address) => WORDS[address] ?? 0));
  });
  const port = await device.listen();
  const folder = await tempFolder();
  file = join(folder, "gateway.yaml");
  await writeFile(
    file,
    `version: 1
gateway: hall-3
buffer: { path: ${join(folder, "buffer")}, minFreeDisk: 1MiB }
http: { listen: 127.0.0.1:0 }
buses:
  packer: { modbus: tcp, host: 127.0.0.1, port: ${port}, timeout: 1s }
devices:
  oven:
    bus: packer
    unit: 3
    every: 100ms
    tags:
      temperature: { register: 40001, type: float32, order: CDAB, unit: °C }
      absurd: { register: 40001, type: float32 }
      counter: { register: 40003, type: uint32 }
  absent: { bus: packer, unit: 4, every: 1h, tags: { a: { register: 40001 } } }
  publisher: { tags: { b: { unit: V } } }
`,
  );
});

afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  await device.close();
});

async function startAgent(): Promise<void> {
  agent = new Agent({
    settings: loadGateway(file),
    machineId: "test",
    boot: { id: "test", originMs: 0 },
    isClockSynced: async () => true,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    resources: () => ({ cpuMs: 0, rssBytes: 0 }),
  });
  await agent.start();
}

for (const who of ["no agent", "an agent"] as const) {
  describe(`with ${who} running`, () => {
    beforeEach(async () => {
      if (who === "an agent") await startAgent();
    });

    test("read gives one tag's value alone on standard output, and the frames with -v", async () => {
      const args = ["oven/temperature", "--config", file, "-v"];
      const { code, out, err } = await runCommand(readCommand, args);
      expect([code, out]).toEqual([0, "71.2\n"]);
      expect(err).toMatch(
        /^→ 03 03 00 00 00 02\n← 03 03 04 66 66 42 8e\noven\/temperature °C good 20/,
      );
    });

    test("read shows all tags of a device, in the file's order", async () => {
      const { code, out } = await runCommand(readCommand, ["oven", "--config", file]);
      expect(code).toBe(0);
      expect(out.split("\n").map((line) => line.split(/ +/).slice(0, 2))).toEqual([
        ["tag", "value"],
        ["temperature", "71.2"],
        ["absurd", expect.stringMatching(/e\+23$/)],
        ["counter", "74565"],
        [""],
      ]);
    });

    test("a silent device is exit code 1, with advice", async () => {
      const { code, out, err } = await runCommand(readCommand, ["absent/a", "--config", file]);
      expect([code, out]).toEqual([1, "-\n"]);
      expect(err).toContain("timeout: no answer: is the device powered");
    });

    test("probe finds the word order that gives what the device displays", async () => {
      const args = ["oven", "absurd", "--expect", "71", "--config", file];
      const { code, out, err } = await runCommand(probeCommand, args);
      expect(code).toBe(0);
      expect(out).toMatch(/float32 +CDAB +\S+ +71\.2 <==/);
      expect(err).toContain("{ register: 40001, type: float32, order: CDAB }   # 71.2");
    });

    test("probe reads each register alone where the device refuses the span", async () => {
      const args = ["oven", "40006", "--config", file];
      const { code, out } = await runCommand(probeCommand, args);
      expect(code).toBe(0);
      expect(out).toMatch(/^uint16 +ABCD +0 +0 +0$/m);
    });

    test("scan finds the one unit of a configured bus", async () => {
      const args = ["packer", "--units", "3-4", "--timeout", "1000", "--config", file];
      const { code, out, err } = await runCommand(scanCommand, args);
      expect(code).toBe(0);
      expect(out).toContain("devices:\n  unit-3:");
      expect(out).not.toContain("unit-4");
      expect(err).toBe("unit 3: answers\n");
    });
  });
}

test("scan needs no gateway's file for a host", async () => {
  const silent = new FakeDevice(() => {});
  const port = await silent.listen();
  const args = ["--host", `127.0.0.1:${port}`, "--units", "1-3", "--timeout", "20"];
  const { code, out, err } = await runCommand(scanCommand, args);
  await silent.close();
  expect([code, out]).toEqual([1, ""]);
  expect(err).toContain("Nobody answers. Is it Modbus TCP");
});

test("a port that is no path is misuse", async () => {
  const { code, err } = await runCommand(scanCommand, ["--port", "ttyUSB0"]);
  expect([code, err]).toEqual([
    2,
    expect.stringContaining("--port ttyUSB0: a serial port is a path"),
  ]);
});

test("a host that refuses the connection is told so", async () => {
  await device.close();
  const { code, err } = await runCommand(readCommand, ["oven", "--config", file]);
  expect(code).toBe(1);
  expect(err).toMatch(/^PORT_UNAVAILABLE: cannot reach 127.0.0.1:\d+: ECONNREFUSED \(the host is/);
});

test("scanning through an agent leaves its connection alone", async () => {
  await startAgent();
  const args = ["packer", "--units", "5-12", "--timeout", "20", "--config", file];
  expect((await runCommand(scanCommand, args)).code).toBe(1);
  expect(device.connections).toBe(1);
});

test("a device that publishes is known to a running agent only", async () => {
  const absent = await runCommand(readCommand, ["publisher", "--config", file]);
  expect(absent).toMatchObject({ code: 1, err: expect.stringContaining("CONTROL_ABSENT") });
  await startAgent();
  const { code, out } = await runCommand(readCommand, ["publisher", "--json", "--config", file]);
  expect([code, out]).toEqual([0, "[]\n"]);
});

test.each([
  ["ovne", 'There is no device "ovne". Did you mean "oven"?'],
  ["oven/temprature", 'There is no tag of oven "temprature". Did you mean "temperature"?'],
  ["oven/a/b", "expected DEVICE or DEVICE/TAG"],
])("%s is misuse, with the name that is near", async (target, message) => {
  const { code, err } = await runCommand(readCommand, [target, "--config", file]);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test("status tells of an agent that does not run, of one that is well, and of what is wrong", async () => {
  const absent = await runCommand(statusCommand, ["--config", file]);
  expect(absent).toMatchObject({
    code: 2,
    out: expect.stringMatching(/^CRITICAL: hall-3: no agent/),
  });
  await startAgent();
  const { code, out } = await runCommand(statusCommand, ["--config", file, "--json"]);
  expect(JSON.parse(out)).toMatchObject({ running: true, gateway: "hall-3", severity: code });
});

test("tail gives each new value of a tag, until it is ended", async () => {
  await startAgent();
  const ending = new AbortController();
  const lines: string[] = [];
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      if (lines.length === 3) ending.abort();
      done();
    },
  });
  const args = ["oven/temperature", "--config", file];
  const { code } = await runCommand(tailCommand, args, { signal: ending.signal, stdout });
  expect(code).toBe(0);
  expect(lines[0]).toMatch(/^20\S+Z {2}oven\/temperature {2}71\.2 °C\n$/);
  expect(new Set(lines).size).toBe(lines.length);
});

test("top shows the rates of a running agent", async () => {
  await startAgent();
  const { code, out } = await runCommand(topCommand, ["--once", "--config", file]);
  expect(code).toBe(0);
  expect(out).toMatch(/^packer +modbus-tcp +\S+ +\d+\.\d +\d+\.\d +\d+\.\d +\d+$/m);
});

test("doctor names what is wrong, each with its remedy", async () => {
  await device.close();
  const { code, out } = await runCommand(doctorCommand, ["--config", file]);
  expect(code).toBe(1);
  expect(out).toMatch(
    /FAILED {3}bus packer: 127\.0\.0\.1:\d+: ECONNREFUSED\n {9}→ is the device on/,
  );
  expect(out).toContain(
    "warning  uplink: the file names no way to the cloud\n         → add uplink",
  );
  expect(out).toContain("warning  agent: none runs");
});

test("a support bundle that cannot be written is misuse", async () => {
  const target = join(dirname(file), "nowhere", "bundle.json.gz");
  const { code, err } = await runCommand(supportBundleCommand, [target, "--config", file]);
  expect([code, err]).toEqual([2, expect.stringContaining("no such file or directory")]);
});

test("a support bundle holds status, settings and findings, and no secret", async () => {
  const folder = dirname(file);
  const text = await readFile(file, "utf8");
  await writeFile(
    file,
    `${text}uplink: { eventHubs: { connectionString: !secret hub, hub: h } }\n`,
  );
  const hub = "Endpoint=sb://127.0.0.1:1/;SharedAccessKeyName=a;SharedAccessKey=hunter2";
  await writeFile(join(folder, "secrets.yaml"), `hub: ${hub}\n`, { mode: 0o600 });
  await startAgent();
  const target = join(folder, "bundle.json.gz");
  const { code } = await runCommand(supportBundleCommand, [target, "--config", file]);
  expect(code).toBe(0);
  const bundle = gunzipSync(await readFile(target)).toString();
  expect(bundle).not.toContain("hunter2");
  const parsed: Record<string, Record<string, unknown>> = JSON.parse(bundle);
  expect(parsed["configuration"]).toMatchObject({
    gateway: '"hall-3"',
    "uplink.eventHubs.connectionString": "(secret)",
  });
  expect(parsed["agent"]).toMatchObject({ running: true, "GET /status": { gateway: "hall-3" } });
  expect(parsed["findings"]).toContainEqual(expect.objectContaining({ what: "bus packer" }));
});
