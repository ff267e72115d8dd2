/**
 * What watching costs: CPU time a reading and bytes a series, and what keeping it all on disk takes.
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MonitorFactory } from "#agent/detect/monitor-factory.ts";
import type { WatchSettings } from "#agent/detect/monitor-plan.ts";
import type { SeriesMonitor } from "#agent/detect/series-monitor.ts";
import { LearntFile } from "#agent/upkeep/learnt-file.ts";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import { renderRows } from "./detection/table.ts";

export const name = "detect-cost";
export const describe =
  "what detection costs: --series 10000 --readings 200, and what a snapshot of them takes";

interface CostRow {
  readonly watched: string;
  readonly microsecondsPerReading: number;
  readonly numbersBytes: number;
  /** Of numbers and objects, measured. */
  readonly bytesPerSeries: number;
}

interface DetectCostResult {
  readonly rows: readonly CostRow[];
  readonly snapshotBytes: number;
  readonly snapshotMs: number;
  /** The longest time in which nothing else could run while it was written. */
  readonly longestPauseMs: number;
}

setFlagsFromString("--expose-gc");
/** Collects garbage now, so that what is held can be told. */
const collect: unknown = runInNewContext("gc");

const LIMITS = { hh: 100, h: 90, l: -90, ll: -100, deadband: 1 };

const WATCHED: Readonly<Record<string, WatchSettings>> = {
  nothing: { detect: { auto: false } },
  limits: { detect: { auto: false }, limits: LIMITS },
  "auto, as by default": { detect: { auto: true } },
  "auto, limits, rate, silence": {
    detect: { auto: true, stale: 60_000 },
    limits: { ...LIMITS, rate: 100 },
  },
  "median in place of records": { detect: { auto: true, method: "median" } },
};

export async function run(args: readonly string[]): Promise<DetectCostResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      series: { type: "string", default: "10000" },
      readings: { type: "string", default: "200" },
    },
  });
  const [series, readings] = [Number(values.series), Number(values.readings)];
  const rows = Object.entries(WATCHED).map(([watched, settings]) =>
    costOf(watched, settings, series, readings),
  );
  return { rows, ...(await snapshotOf(series)) };
}

export function render({
  rows,
  snapshotBytes,
  snapshotMs,
  longestPauseMs,
}: DetectCostResult): string {
  const snapshot =
    `a snapshot: ${(snapshotBytes / 1e6).toFixed(1)} MB in ${snapshotMs.toFixed(0)} ms, ` +
    `of which the longest pause ${longestPauseMs.toFixed(1)} ms`;
  return `${renderRows({ rows })}\n\n${snapshot}`;
}

function make(settings: WatchSettings, series: number): SeriesMonitor[] {
  const factory = new MonitorFactory();
  return Array.from({ length: series }, (_, i) =>
    factory.create({ subject: { device: `device-${i}`, tag: "value" }, ...settings }),
  );
}

function costOf(
  watched: string,
  settings: WatchSettings,
  series: number,
  readings: number,
): CostRow {
  const before = heldBytes();
  const monitors = make(settings, series);
  const bytesPerSeries = (heldBytes() - before) / series;
  const random = createRandom(3);
  const noise = Float64Array.from({ length: 4096 }, () => random.normal());
  let cpu = process.cpuUsage();
  for (let i = 0; i < 2 * readings; i++) {
    // The first half compiles, and learns.
    if (i === readings) cpu = process.cpuUsage();
    for (let place = 0; place < series; place++) {
      const value = noise[(i * 7 + place * 13) % noise.length] ?? 0;
      monitors[place]?.judge(1.8e12 + i * 1000, value, "open", 1 + i * 1000);
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    watched,
    microsecondsPerReading: (user + system) / (series * readings),
    numbersBytes: monitors[0]?.bytes.length ?? 0,
    bytesPerSeries: Math.round(bytesPerSeries),
  };
}

function heldBytes(): number {
  // The memory of typed arrays is given back behind the first collection.
  for (let i = 0; i < 2; i++) if (typeof collect === "function") collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function snapshotOf(series: number): Promise<Omit<DetectCostResult, "rows">> {
  const learnt = make({ detect: { auto: true } }, series).map(({ bytes: state }, i) => ({
    device: `device-${i}`,
    tag: "value",
    fingerprint: i,
    heardAt: 1.8e12,
    state,
  }));
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  try {
    const path = join(folder, "learnt");
    const file = new LearntFile(path);
    await file.write(learnt);
    let longestPauseMs = 0;
    let lastMs = performance.now();
    const look = systemClock.every("pauses", 1, () => {
      const nowMs = performance.now();
      longestPauseMs = Math.max(longestPauseMs, nowMs - lastMs - 1);
      lastMs = nowMs;
    });
    const startedMs = performance.now();
    await file.write(learnt);
    const snapshotMs = performance.now() - startedMs;
    look.cancel();
    return { snapshotBytes: (await stat(path)).size, snapshotMs, longestPauseMs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
