/**
 * An outage's backlog drained while live data goes on: hub, sink, agent and simulator as processes.
 * The buffer is filled before; the clock starts when the agent is ready. At the end the sink's rows
 * must hold every reading of the backlog once.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import { type ProgramName, Programs, programNames } from "#sim/demo/programs.ts";
import { BACKLOG_PREFIX, BACKLOG_RATE, fillBuffer } from "./backlog/fill.ts";

export const name = "backlog";
export const describe =
  "a backlog drained beside live data: --readings 1200000 (36000000: an hour) --live 10000 (readings/s)";

const SYSTEM_PICKS = { hub: undefined, sink: undefined, agent: undefined, mqtt: undefined };
/** A whole minute between the backlog and live data. */
const MINUTE_MS = 60_000;
const SAMPLE_MS = 1000;
const ROWS_SHOWN = 20;
const MB = 1e6;

const agentStatus = z.object({
  buffer: z.object({ segments: z.number() }),
  uplink: z.object({ backlogReadings: z.number(), readings: z.number(), bytes: z.number() }),
});
const latency = z.object({ p50: z.number(), p99: z.number(), max: z.number(), count: z.number() });
const sinkStatus = z.object({
  readings: z.object({ accepted: z.number(), duplicates: z.number() }),
  gaps: z.array(z.unknown()),
});
const rollup = z.object({ device: z.string(), count: z.number() });

const perProgram = z.object({ hub: z.number(), sink: z.number(), agent: z.number() });

const sample = z.object({
  seconds: z.number(),
  sentBacklog: z.number(),
  acceptedByHub: z.number(),
  sentBytes: z.number(),
  acceptedBySink: z.number(),
  liveP50Ms: z.number(),
  liveP99Ms: z.number(),
  anonymousMb: perProgram,
});

type Sample = z.infer<typeof sample>;

/** Live latencies are those of the middle second; `liveP99WorstMs` is of the worst one. */
const figures = z.object({
  backlogReadings: z.number(),
  bufferMb: z.number(),
  fillSeconds: z.number(),
  drainSeconds: z.number(),
  readingsPerSecond: z.number(),
  timesRealTime: z.number(),
  liveReadingsPerSecond: z.number(),
  bytesPerReading: z.number(),
  liveP50Ms: z.number(),
  liveP99Ms: z.number(),
  liveP99WorstMs: z.number(),
  lost: z.number(),
  doubled: z.number(),
  duplicatesDropped: z.number(),
  gapsReported: z.number(),
});

const result = z.object({
  figures,
  cpuCores: perProgram,
  peakMb: perProgram,
  samples: z.array(sample),
});

type Result = z.infer<typeof result>;

export async function run(args: readonly string[]): Promise<Result> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      readings: { type: "string", default: "1200000" },
      live: { type: "string", default: "10000" },
      keep: { type: "boolean", default: false },
    },
  });
  const dataDir = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  try {
    return await measure(dataDir, Number(values.readings), Number(values.live));
  } finally {
    if (values.keep) process.stderr.write(`kept: ${dataDir}\n`);
    else await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(dataDir: string, wanted: number, live: number): Promise<Result> {
  const random = createRandom(randomInt(2 ** 32));
  const fillFromMs = systemClock.monotonic();
  const endMs = Math.floor(systemClock.now() / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
  const backlog = await fillBuffer(join(dataDir, "agent"), wanted, endMs);
  const fillSeconds = (systemClock.monotonic() - fillFromMs) / 1000;
  process.stderr.write(`filled ${backlog.readings} readings in ${fillSeconds.toFixed(1)} s\n`);
  const programs = new Programs(
    { dataDir, ports: SYSTEM_PICKS, partitions: 8 },
    { clock: systemClock, random, notice: (text) => process.stderr.write(`${text}\n`) },
    random,
  );
  let simulator: ChildProcess | undefined;
  try {
    await programs.start({ buses: {}, devices: {} });
    programs.markUsage();
    const startMs = systemClock.monotonic();
    simulator = live > 0 ? startSimulator(programs.mqttPort, live) : undefined;
    const samples = await drain(programs, backlog.readings, startMs);
    const last = samples.at(-1);
    const drainSeconds = last?.seconds ?? 0;
    programs.sampleUsage();
    const cpuCores = forEachProgram(
      (program) => programs.usageOf(program).cpuSeconds / drainSeconds,
    );
    await stop(simulator);
    const status = sinkStatus.parse(await getJson(programs.sinkUrl, "api/status"));
    const counted = await countBacklog(programs.sinkUrl);
    const liveReadings = (last?.acceptedByHub ?? 0) - backlog.readings;
    const p99s = samples.slice(1).map(({ liveP99Ms }) => liveP99Ms);
    const p50s = samples.slice(1).map(({ liveP50Ms }) => liveP50Ms);
    return {
      figures: {
        backlogReadings: backlog.readings,
        bufferMb: Math.round(backlog.bytes / MB),
        fillSeconds: Math.round(fillSeconds),
        drainSeconds,
        readingsPerSecond: Math.round(backlog.readings / drainSeconds),
        timesRealTime: backlog.readings / BACKLOG_RATE / drainSeconds,
        liveReadingsPerSecond: Math.round(liveReadings / drainSeconds),
        bytesPerReading: (last?.sentBytes ?? 0) / (last?.acceptedByHub ?? 1),
        liveP50Ms: middle(p50s),
        liveP99Ms: middle(p99s),
        liveP99WorstMs: Math.max(...p99s),
        lost: Math.max(0, backlog.readings - counted),
        doubled: Math.max(0, counted - backlog.readings),
        duplicatesDropped: status.readings.duplicates,
        gapsReported: status.gaps.length,
      },
      cpuCores,
      peakMb: forEachProgram((program) => Math.round(programs.usageOf(program).peakBytes / MB)),
      samples,
    };
  } finally {
    await stop(simulator);
    await programs.stop();
  }
}

/** Samples every second, until the sink has the whole backlog. */
async function drain(programs: Programs, backlog: number, startMs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  await getJson(programs.sinkUrl, "api/latency?reset=1");
  for (;;) {
    await systemClock.sleep(SAMPLE_MS, { name: "sample" });
    const agent = agentStatus.parse(await getJson(programs.agentUrl, "api/status"));
    const sink = sinkStatus.parse(await getJson(programs.sinkUrl, "api/status"));
    const liveLatency = latency.parse(await getJson(programs.sinkUrl, "api/latency?reset=1"));
    programs.sampleUsage();
    const { readings, backlogReadings, bytes } = agent.uplink;
    samples.push({
      seconds: (systemClock.monotonic() - startMs) / 1000,
      sentBacklog: backlogReadings,
      acceptedByHub: readings,
      sentBytes: bytes,
      acceptedBySink: sink.readings.accepted,
      liveP50Ms: Math.round(liveLatency.p50),
      liveP99Ms: Math.round(liveLatency.p99),
      anonymousMb: forEachProgram((program) =>
        Math.round(programs.usageOf(program).anonymousBytes / MB),
      ),
    });
    const behind = readings - sink.readings.accepted;
    if (backlogReadings >= backlog && behind < BACKLOG_RATE) return samples;
  }
}

async function countBacklog(sinkUrl: string): Promise<number> {
  const response = await fetch(new URL("api/rollups?width=1h", sinkUrl));
  if (!response.body) throw new Error("the sink gave no rows");
  let count = 0;
  for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
    const row = rollup.parse(JSON.parse(line));
    if (row.device.startsWith(BACKLOG_PREFIX)) count += row.count;
  }
  return count;
}

function startSimulator(mqttPort: number, live: number): ChildProcess {
  const script = fileURLToPath(new URL("../../firmware-sim/main.ts", import.meta.url));
  const shape = ["--sensors", String(live), "--connections", "20", "--faults", "0"];
  return spawn(process.execPath, [script, "--mqtt", `127.0.0.1:${mqttPort}`, ...shape, "--json"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await closed;
}

async function getJson(base: string, path: string): Promise<unknown> {
  const response = await fetch(new URL(path, base));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return await response.json();
}

function forEachProgram(figure: (program: ProgramName) => number): Record<ProgramName, number> {
  const [hub, sink, agent] = programNames;
  return { hub: figure(hub), sink: figure(sink), agent: figure(agent) };
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** As tables in Markdown. */
export function render(measured: unknown): string {
  const { samples, cpuCores, peakMb, figures: all } = result.parse(measured);
  const lines = Object.entries(all).map(([key, value]) => `| ${key} | ${rounded(value)} |`);
  const usage = programNames.map(
    (program) =>
      `| ${program} | ${cpuCores[program].toFixed(2)} cores, peak ${peakMb[program]} MB |`,
  );
  const step = Math.max(1, Math.ceil(samples.length / ROWS_SHOWN));
  const shown = samples.filter((_, at) => at % step === 0 || at === samples.length - 1);
  const head =
    "| s | backlog sent | sink has | live p50 | p99 | hub anon MB | sink anon MB | agent anon MB |";
  return [
    "| figure | |",
    "| --- | --- |",
    ...lines,
    ...usage,
    "",
    head,
    head.replaceAll(/[^|]+/g, " --- "),
    ...shown.map(rowOf),
  ].join("\n");
}

function rowOf(one: Sample): string {
  const { seconds, sentBacklog, acceptedBySink, liveP50Ms, liveP99Ms, anonymousMb } = one;
  const cells = [seconds.toFixed(0), sentBacklog, acceptedBySink, liveP50Ms, liveP99Ms];
  return `| ${[...cells, anonymousMb.hub, anonymousMb.sink, anonymousMb.agent].join(" | ")} |`;
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
