/** A hub in a process of its own, and what a load costs it and the others meanwhile. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { systemClock } from "#core/clock.ts";
import { machineCpuSeconds, sampleProcess } from "#sim/programs/process-usage.ts";
import { type HubProcess, startHubProcess } from "../../cloud/hub/hub-process.ts";
import type { RawLoad } from "./raw-load.ts";

export const PARTITIONS = 8;

export const row = z.object({
  what: z.string(),
  eventBytes: z.number(),
  eventsPerSecond: z.number(),
  megabytesPerSecond: z.number(),
  /** CPU used, in cores: by the hub, by the SDK's programs, by all that is not ours. */
  hubCores: z.number(),
  senderCores: z.number(),
  receiverCores: z.number(),
  otherCores: z.number(),
  /** What one core spent wholly on the hub would do. */
  eventsPerHubCore: z.number(),
  /** The most that the hub ever had resident. */
  hubPeakMegabytes: z.number(),
  latencyP50Ms: z.number().optional(),
  latencyP99Ms: z.number().optional(),
});
export type Row = z.infer<typeof row>;

/** What a load tells of itself. */
export interface LoadFigures {
  events: number;
  /** What the rate is taken over, where it is not the whole time. */
  seconds?: number;
  senderCpuSeconds?: number;
  receiverCpuSeconds?: number;
  latenciesMs?: readonly number[];
}

export async function withHub<T>(use: (hub: HubProcess, load: RawLoad) => Promise<T>): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), "penstock-bench-hub-"));
  const args = ["--port", "0", "--data", data, "--partitions", String(PARTITIONS)];
  const hub = await startHubProcess(args);
  const key = /SharedAccessKey=([^;]+)/.exec(hub.connectionString)?.[1] ?? "";
  try {
    return await use(hub, { port: hub.port, key, partition: 0, eventBytes: 200, batchEvents: 100 });
  } finally {
    await hub.end("SIGTERM");
    await rm(data, { recursive: true, force: true });
  }
}

function hubSample(hub: HubProcess): { cpuSeconds: number; peakBytes: number } {
  const sample = sampleProcess(hub.child.pid ?? 0);
  if (!sample) throw new Error("the hub is gone");
  return sample;
}

/** Runs the load, and gives its row; the benchmark's own process counts among the others. */
export async function measured(
  hub: HubProcess,
  what: string,
  eventBytes: number,
  load: () => Promise<LoadFigures>,
): Promise<Row> {
  const before = { hub: hubSample(hub), machine: machineCpuSeconds() };
  const startedMs = systemClock.monotonic();
  const figures = await load();
  const wallSeconds = (systemClock.monotonic() - startedMs) / 1000;
  const after = { hub: hubSample(hub), machine: machineCpuSeconds() };
  const { events, seconds = wallSeconds, senderCpuSeconds = 0, receiverCpuSeconds = 0 } = figures;
  const hubCpu = after.hub.cpuSeconds - before.hub.cpuSeconds;
  const others = after.machine - before.machine - hubCpu - senderCpuSeconds - receiverCpuSeconds;
  return {
    what,
    eventBytes,
    eventsPerSecond: Math.round(events / seconds),
    megabytesPerSecond: rounded((events * eventBytes) / seconds / 1e6),
    hubCores: rounded(hubCpu / wallSeconds),
    senderCores: rounded(senderCpuSeconds / wallSeconds),
    receiverCores: rounded(receiverCpuSeconds / wallSeconds),
    otherCores: rounded(Math.max(others, 0) / wallSeconds),
    eventsPerHubCore: Math.round(events / hubCpu),
    hubPeakMegabytes: Math.round(after.hub.peakBytes / 1e6),
    ...latencies(figures.latenciesMs ?? []),
  };
}

function latencies(all: readonly number[]): { latencyP50Ms?: number; latencyP99Ms?: number } {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (part: number): number | undefined => sorted[Math.floor(sorted.length * part)];
  const [p50, p99] = [at(0.5), at(0.99)];
  if (p50 === undefined || p99 === undefined) return {};
  return { latencyP50Ms: rounded(p50), latencyP99Ms: rounded(p99) };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
