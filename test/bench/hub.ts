/**
 * The embedded hub: alone with raw AMQP, and between the SDK's clients. Every program is a process of
 * its own; events are synced before they are confirmed.
 */
import { parseArgs } from "node:util";
import { z } from "zod";
import { systemClock } from "#core/clock.ts";
import { measured, PARTITIONS, type Row, row, withHub } from "./hub/measure.ts";
import { rawLatencies, receiveRaw, sendRaw, stickReader } from "./hub/raw-load.ts";
import { openingEvents, receiveOnly, sendAndReceive, sendOnly } from "./hub/sdk-load.ts";

export const name = "hub";
export const describe =
  "the embedded hub, raw and through the SDK: --seconds 5 --parts raw,sdk,latency,backlog --megabytes 2000";

const benchResult = z.object({ rows: z.array(row) });

async function raw(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [eventBytes, batchEvents] of [
    [200, 100],
    [8192, 20],
  ] as const) {
    await withHub(async (hub, base) => {
      const load = { ...base, eventBytes, batchEvents };
      let events = 0;
      const endMs = systemClock.monotonic() + seconds * 1000;
      const isOver = (): boolean => systemClock.monotonic() > endMs;
      const fill = async (): Promise<{ events: number }> => {
        events = await sendRaw(load, isOver);
        return { events };
      };
      const drain = async (): Promise<{ events: number }> => {
        await receiveRaw(load, events);
        return { events };
      };
      rows.push(await measured(hub, "raw, send only", eventBytes, fill));
      rows.push(await measured(hub, "raw, receive only", eventBytes, drain));
    });
  }
  return rows;
}

async function sdk(seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [eventBytes, batchEvents] of [
    [200, 200],
    [8192, 60],
  ] as const) {
    const base = { eventBytes, batchEvents, seconds, everyMs: 0, partitions: PARTITIONS };
    await withHub(async (hub) => {
      const load = { ...base, connectionString: hub.connectionString };
      let stored = openingEvents(load);
      const fill = async (): ReturnType<typeof sendOnly> => {
        const figures = await sendOnly(load);
        stored += figures.events;
        return figures;
      };
      rows.push(await measured(hub, "SDK, send only", eventBytes, fill));
      const drain = async (): ReturnType<typeof receiveOnly> => receiveOnly(load, stored);
      rows.push(await measured(hub, "SDK, receive only", eventBytes, drain));
    });
    await withHub(async (hub) => {
      const load = { ...base, connectionString: hub.connectionString };
      rows.push(await measured(hub, "SDK, both", eventBytes, async () => sendAndReceive(load)));
    });
  }
  return rows;
}

/** 1,000 events/s, in batches of 10: through the SDK, and without it, which is the hub's own part. */
async function latency(seconds: number): Promise<Row[]> {
  const eventBytes = 200;
  const batchEvents = 10;
  const everyMs = 10;
  const own = await withHub(async (hub, base) =>
    measured(hub, "raw, 10 events each 10 ms", eventBytes, async () =>
      rawLatencies({ ...base, eventBytes, batchEvents }, seconds, everyMs),
    ),
  );
  const through = await withHub(async (hub) => {
    const { connectionString } = hub;
    const base = { eventBytes, batchEvents, seconds, everyMs, partitions: PARTITIONS };
    return measured(hub, "SDK, 10 events each 10 ms", eventBytes, async () =>
      sendAndReceive({ ...base, connectionString }),
    );
  });
  return [own, through];
}

/** Memory while a backlog grows behind a reader that never takes anything. */
async function backlog(megabytes: number): Promise<Row[]> {
  return withHub(async (hub, base) => {
    const load = { ...base, eventBytes: 1000, batchEvents: 100 };
    const unstick = await stickReader(load);
    const batches = Math.round((megabytes * 1e6) / (load.eventBytes * load.batchEvents));
    const events = batches * load.batchEvents;
    const rows = [
      await measured(hub, `raw, ${megabytes} MB in, stuck reader`, load.eventBytes, async () => ({
        events: await sendRaw(load, (begun) => begun >= batches),
      })),
    ];
    unstick();
    rows.push(
      await measured(hub, `raw, ${megabytes} MB out, from disk`, load.eventBytes, async () => {
        await receiveRaw(load, events);
        return { events };
      }),
    );
    return rows;
  });
}

export async function run(args: readonly string[]): Promise<{ rows: Row[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "5" },
      parts: { type: "string", default: "raw,sdk,latency,backlog" },
      megabytes: { type: "string", default: "2000" },
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

/** A table as docs/performance.md has it. */
export function render(result: unknown): string {
  const { rows } = benchResult.parse(result);
  const columns = [
    "load",
    "event",
    "events/s",
    "MB/s",
    "hub cores",
    "sender",
    "receiver",
    "others",
    "events/s a hub core",
    "hub's peak",
    "p50",
    "p99",
  ];
  const lines = rows.map((figures) => [
    figures.what,
    `${figures.eventBytes} B`,
    figures.eventsPerSecond,
    figures.megabytesPerSecond,
    figures.hubCores,
    figures.senderCores,
    figures.receiverCores,
    figures.otherCores,
    figures.eventsPerHubCore,
    `${figures.hubPeakMegabytes} MB`,
    figures.latencyP50Ms === undefined ? "" : `${figures.latencyP50Ms} ms`,
    figures.latencyP99Ms === undefined ? "" : `${figures.latencyP99Ms} ms`,
  ]);
  const rule = columns.map(() => "---");
  return [columns, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
