/**
 * The whole agent as a process of its own, reading Modbus TCP from another: requests, decoding, intake
 * with detection, and the buffer with its synced commits. There is no uplink; a full buffer drops.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { systemClock } from "#core/clock.ts";

export const name = "modbus";
export const describe =
  "Modbus TCP to the disk: --units 16 --tags 125 --every 20 --connections 4 (100,000 tags a second)";

export interface ModbusBenchResult {
  shape: string;
  seconds: number;
  tagsPerSecond: number;
  /** Turns that passed because the bus was late, of all. */
  missedShare: number;
  badReadings: number;
  agent: { cores: number; rssMb: number };
  /** The simulated devices. */
  server: { cores: number };
}

interface Shape {
  units: number;
  tags: number;
  everyMs: number;
  connections: number;
  detect: boolean;
  seconds: number;
}

const WARM_UP_MS = 5000;

export async function run(args: readonly string[]): Promise<ModbusBenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      units: { type: "string", default: "16" },
      tags: { type: "string", default: "125" },
      every: { type: "string", default: "20" },
      connections: { type: "string", default: "4" },
      "without-detection": { type: "boolean", default: false },
      seconds: { type: "string", default: "20" },
    },
  });
  const shape = {
    units: Number(values.units),
    tags: Number(values.tags),
    everyMs: Number(values.every),
    connections: Number(values.connections),
    detect: !values["without-detection"],
    seconds: Number(values.seconds),
  };
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  const children: ChildProcess[] = [];
  try {
    return await measure(shape, folder, children);
  } finally {
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(children.map(ended));
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  shape: Shape,
  folder: string,
  children: ChildProcess[],
): Promise<ModbusBenchResult> {
  const { units, tags, seconds, everyMs, connections, detect } = shape;
  const counts = ["--units", String(units), "--tags", String(tags)];
  const server = start(new URL("modbus/server.ts", import.meta.url), counts, "ipc");
  children.push(server);
  const config = join(folder, "gateway.yaml");
  await writeFile(config, fileOf(shape, folder, Number(await told(server, "port"))));
  const agent = start(
    new URL("../../agent/main.ts", import.meta.url),
    ["run", "--config", config, "--json"],
    "ignore",
  );
  children.push(agent);
  const url = String(await told(agent, "listening"));
  await systemClock.sleep(WARM_UP_MS, { name: "warm-up" });
  const before = [await agentStatus(url), await serverStatus(server)] as const;
  const startedAtMs = systemClock.monotonic();
  await systemClock.sleep(seconds * 1000, { name: "measuring" });
  const after = [await agentStatus(url), await serverStatus(server)] as const;
  const elapsedMs = systemClock.monotonic() - startedAtMs;
  const [agentBefore, serverBefore] = before;
  const [agentAfter, serverAfter] = after;
  const moved = (counter: string): number =>
    (agentAfter.counters[counter] ?? 0) - (agentBefore.counters[counter] ?? 0);
  const bad = ["timeouts", "exceptions", "malformed_answers", "readings_lost"];
  return {
    shape: `${units} units x ${tags} tags every ${everyMs} ms, ${connections} connections, detection ${detect ? "on" : "off"}`,
    seconds,
    tagsPerSecond: Math.round((moved("readings") * 1000) / elapsedMs),
    missedShare: moved("polls_missed") / (moved("polls_missed") + moved("polls")),
    badReadings: bad.reduce((sum, counter) => sum + moved(counter), 0),
    agent: {
      cores: (agentAfter.cpuMs - agentBefore.cpuMs) / elapsedMs,
      rssMb: Math.round(agentAfter.rssBytes / 1024 / 1024),
    },
    server: { cores: (serverAfter.cpuMs - serverBefore.cpuMs) / elapsedMs },
  };
}

function start(script: URL, args: readonly string[], third: "ipc" | "ignore"): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(script), ...args], {
    stdio: ["ignore", "pipe", "inherit", third],
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** A value of the program's first line. */
async function told(child: ChildProcess, key: string): Promise<unknown> {
  if (!child.stdout) throw new Error("no output");
  const [line]: unknown[] = await once(createInterface({ input: child.stdout }), "line");
  const first: Record<string, unknown> = JSON.parse(String(line));
  return first[key];
}

interface AgentFigures {
  cpuMs: number;
  rssBytes: number;
  counters: Readonly<Record<string, number>>;
}

async function agentStatus(url: string): Promise<AgentFigures> {
  const response = await fetch(`${url}/api/status`);
  const status: Omit<AgentFigures, "counters"> & {
    sources: readonly { counters: AgentFigures["counters"] }[];
  } = JSON.parse(await response.text());
  const { cpuMs, rssBytes, sources } = status;
  return { cpuMs, rssBytes, counters: sources[0]?.counters ?? {} };
}

async function serverStatus(server: ChildProcess): Promise<{ cpuMs: number }> {
  server.send("status");
  const [message]: { cpuMs: number }[] = await once(server, "message");
  if (!message) throw new Error("the server said nothing");
  return message;
}

function fileOf(shape: Shape, folder: string, port: number): string {
  const tags = Object.fromEntries(
    Array.from({ length: shape.tags }, (_, i) => [`t${i}`, { register: 40_001 + i }]),
  );
  const device = (unit: number): object => ({
    bus: "plc",
    unit,
    every: `${shape.everyMs}ms`,
    detect: { auto: shape.detect },
    tags,
  });
  const ids = Array.from({ length: shape.units }, (_, i) => i + 1);
  const { connections } = shape;
  // JSON is YAML.
  return JSON.stringify({
    version: 1,
    gateway: "bench",
    log: "error",
    buffer: { path: join(folder, "buffer"), maxBytes: "256MiB", minFreeDisk: "1MiB" },
    http: { listen: "127.0.0.1:0" },
    buses: { plc: { modbus: "tcp", host: "127.0.0.1", port, connections } },
    devices: Object.fromEntries(ids.map((unit) => [`unit-${unit}`, device(unit)])),
  });
}
