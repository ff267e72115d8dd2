/**
 * The embedded hub: alone with raw AMQP, and between the SDK's clients. Every program is a process of
 * its own; events are synced before they are confirmed.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";
import { systemClock } from "#core/clock.ts";
import { type HubProcess, startHubProcess } from "../cloud/hub/hub-process.ts";
import { cpuSeconds, residentMegabytes } from "./hub/process-cost.ts";
import { type RawLoad, receiveRaw, sendRaw, stickReader } from "./hub/raw-load.ts";
import type { SdkFigures, SdkTask } from "./hub/sdk-client.ts";

export const name = "hub";
export const describe =
  "the embedded hub, raw and through the SDK: --seconds 5 --parts raw,sdk,latency,backlog";

const PARTITIONS = 8;
const CLIENT = fileURLToPath(new URL("hub/sdk-client.ts", import.meta.url));

const row = z.object({
  what: z.string(),
  eventBytes: z.number(),
  eventsPerSecond: z.number(),
  megabytesPerSecond: z.number(),
  /** What one core spent wholly on the hub would do. */
  eventsPerHubCpuSecond: z.number(),
  hubResidentMegabytes: z.number(),
  latencyP50Ms: z.number().optional(),
  latencyP99Ms: z.number().optional(),
});
const benchResult = z.object({ rows: z.array(row) });
type Row = z.infer<typeof row>;

const sdkFigures = z.object({
  events: z.number(),
  cpuSeconds: z.number(),
  latenciesMs: z.array(z.number()),
});

async function withHub<T>(use: (hub: HubProcess, load: RawLoad) => Promise<T>): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), "penstock-bench-hub-"));
  const hub = await startHubProcess([
    "--port",
    "0",
    "--data",
    data,
    "--partitions",
    String(PARTITIONS),
  ]);
  const key = /SharedAccessKey=([^;]+)/.exec(hub.connectionString)?.[1] ?? "";
  try {
    return await use(hub, { port: hub.port, key, partition: 0, eventBytes: 200, batchEvents: 100 });
  } finally {
    await hub.end("SIGTERM");
    await rm(data, { recursive: true, force: true });
  }
}

/** Runs, and gives a row by what the hub's process spent meanwhile. */
async function measured(
  hub: HubProcess,
  what: string,
  eventBytes: number,
  load: () => Promise<number>,
): Promise<Row> {
  const pid = hub.child.pid ?? 0;
  const cpuBefore = cpuSeconds(pid);
  const startedMs = systemClock.monotonic();
  const events = await load();
  const seconds = (systemClock.monotonic() - startedMs) / 1000;
  const cpu = cpuSeconds(pid) - cpuBefore;
  return {
    what,
    eventBytes,
    eventsPerSecond: Math.round(events / seconds),
    megabytesPerSecond: Math.round((events * eventBytes) / seconds / 1e5) / 10,
    eventsPerHubCpuSecond: Math.round(events / cpu),
    hubResidentMegabytes: Math.round(residentMegabytes(pid)),
  };
}

async function raw(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [eventBytes, batchEvents] of [
    [200, 100],
    [8192, 20],
  ] as const) {
    await withHub(async (hub, base) => {
      const load = { ...base, eventBytes, batchEvents };
      let total = 0;
      const endMs = systemClock.monotonic() + seconds * 1000;
      const isOver = (): boolean => systemClock.monotonic() > endMs;
      rows.push(
        await measured(
          hub,
          "raw in",
          eventBytes,
          async () => (total = await sendRaw(load, isOver)),
        ),
        await measured(hub, "raw out", eventBytes, async () => {
          await receiveRaw(load, total);
          return total;
        }),
      );
    });
  }
  return rows;
}

async function sdkClient(task: SdkTask, ready: () => void = () => {}): Promise<SdkFigures> {
  const child = fork(CLIENT, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  child.send(task);
  for (;;) {
    const [message] = await once(child, "message");
    if (message !== "ready") return sdkFigures.parse(message);
    ready();
  }
}

async function sdk(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [eventBytes, batchEvents] of [
    [200, 200],
    [8192, 60],
  ] as const) {
    const base = { eventBytes, batchEvents, seconds, everyMs: 0, partitions: PARTITIONS };
    await withHub(async (hub) => {
      const { connectionString } = hub;
      const task = { ...base, connectionString };
      rows.push(
        await measured(
          hub,
          "SDK in",
          eventBytes,
          async () => (await sdkClient({ ...task, role: "send" })).events,
        ),
      );
      rows.push(await through(hub, "SDK in and out", task));
    });
  }
  return rows;
}

/** A receiver and a sender at once; counts what came through. */
async function through(hub: HubProcess, what: string, task: Omit<SdkTask, "role">): Promise<Row> {
  let sending: Promise<SdkFigures> | undefined;
  let measuring: Promise<Row> | undefined;
  const received = await sdkClient({ ...task, role: "receive" }, () => {
    measuring = measured(hub, what, task.eventBytes, async () => {
      sending = sdkClient({ ...task, role: "send" });
      return (await sending).events;
    });
  });
  const result = await measuring;
  const sent = await sending;
  if (!result || !sent) throw new Error("the receiver was never ready");
  const share = received.events / sent.events;
  const latencies = received.latenciesMs.toSorted((a, b) => a - b);
  const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
  const times = latencies.length > 0 ? { latencyP50Ms: at(0.5), latencyP99Ms: at(0.99) } : {};
  return { ...result, eventsPerSecond: Math.round(result.eventsPerSecond * share), ...times };
}

async function latency(seconds: number): Promise<Row[]> {
  return withHub(async (hub, { eventBytes }) => {
    const { connectionString } = hub;
    const task = {
      eventBytes,
      batchEvents: 10,
      seconds,
      everyMs: 10,
      partitions: PARTITIONS,
      connectionString,
    };
    return [await through(hub, "SDK, 10 events each 10 ms", task)];
  });
}

/** Memory while a backlog grows behind a reader that never takes anything. */
async function backlog(megabytes: number): Promise<Row[]> {
  return withHub(async (hub, base) => {
    const load = { ...base, eventBytes: 1000, batchEvents: 100 };
    const unstick = await stickReader(load);
    const batches = Math.round((megabytes * 1e6) / (load.eventBytes * load.batchEvents));
    const taken = await measured(
      hub,
      `in, ${megabytes} MB behind a stuck reader`,
      load.eventBytes,
      async () => sendRaw(load, (begun) => begun >= batches),
    );
    unstick();
    const total = batches * load.batchEvents;
    const out = await measured(hub, `out, ${megabytes} MB from disk`, load.eventBytes, async () => {
      await receiveRaw(load, total);
      return total;
    });
    return [taken, out];
  });
}

export async function run(args: readonly string[]): Promise<{ rows: Row[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "5" },
      parts: { type: "string", default: "raw,sdk,latency,backlog" },
      megabytes: { type: "string", default: "500" },
    },
  });
  const seconds = Number(values.seconds);
  const rows: Row[] = [];
  for (const part of values.parts.split(",")) {
    if (part === "raw") rows.push(...(await raw(seconds)));
    else if (part === "sdk") rows.push(...(await sdk(seconds)));
    else if (part === "latency") rows.push(...(await latency(seconds)));
    else if (part === "backlog") rows.push(...(await backlog(Number(values.megabytes))));
    else throw new Error(`--parts knows raw, sdk, latency and backlog, not ${part}`);
  }
  return { rows };
}

export function render(result: unknown): string {
  const { rows } = benchResult.parse(result);
  const lines = rows.map((figures) => {
    const { what, eventBytes, eventsPerSecond, megabytesPerSecond, eventsPerHubCpuSecond } =
      figures;
    const times =
      figures.latencyP50Ms === undefined
        ? ""
        : `  p50 ${figures.latencyP50Ms} ms, p99 ${figures.latencyP99Ms} ms`;
    return `${what.padEnd(36)} ${String(eventBytes).padStart(5)} B ${String(eventsPerSecond).padStart(8)}/s ${String(megabytesPerSecond).padStart(7)} MB/s ${String(eventsPerHubCpuSecond).padStart(9)}/hub core ${String(figures.hubResidentMegabytes).padStart(5)} MB${times}`;
  });
  return lines.join("\n");
}
