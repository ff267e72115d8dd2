/**
 * The sink without the hub: bodies as they come over the wire are inflated, read, deduplicated and
 * committed in groups to the store, and folded into the rows of all three widths.
 */
import { parseArgs } from "node:util";
import { readBody } from "#cloud/ingest/read-event.ts";
import type { Delivery, HubScope, PartitionBatch, Store } from "#cloud/store/contract.ts";
import type { Block } from "#core/chunk.ts";
import { encodeChunk, packEvent } from "#core/chunk-codec.ts";
import { systemClock } from "#core/clock.ts";
import { createRandom, type Random } from "#core/random.ts";
import { startJudging } from "./sink/judging.ts";
import { type LoadedStore, loadedStore } from "./sink/loaded-store.ts";

export const name = "sink";
export const describe =
  "the sink alone, store included: --store sqlite|postgres --shape 10x10|100x1 (series x rows a chunk) --chunks 10 (an event) --rules 0 (on each series)";

const DEVICES = 1000;
const TAGS = 10;
const LANES = 8;
const EVENTS_PER_GROUP = 8;
const START_MS = Date.UTC(2026, 10, 21, 10);

export interface SinkBenchResult {
  store: string;
  shape: string;
  readings: number;
  seconds: number;
  readingsPerSecond: number;
  /** By the process' CPU time, that of the threads beside the main one included. */
  readingsPerCpuSecond: number;
  /** By the CPU time of the database's own processes, where it has any. */
  readingsPerDatabaseCpuSecond?: number;
  wireBytesPerReading: number;
  foldedRows: number;
}

export async function run(args: readonly string[]): Promise<SinkBenchResult[]> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: "string", default: "sqlite" },
      shape: { type: "string", multiple: true, default: ["10x10", "100x1"] },
      chunks: { type: "string", default: "10" },
      readings: { type: "string", default: "4000000" },
      rules: { type: "string", default: "0" },
    },
  });
  const results: SinkBenchResult[] = [];
  for (const shape of values.shape) {
    const [chunks, readings] = [Number(values.chunks), Number(values.readings)];
    const load = { shape, chunks, readings, rules: Number(values.rules) };
    results.push(await measure(values.store, load));
  }
  return results;
}

async function measure(
  kind: string,
  load: { shape: string; chunks: number; readings: number; rules: number },
): Promise<SinkBenchResult> {
  const [series = 10, rows = 10] = load.shape.split("x").map(Number);
  const bodies = makeBodies(series, rows, load.chunks, load.readings);
  const loaded = await loadedStore(kind);
  try {
    const cost = await takeAll(loaded, bodies, load.rules);
    const wireBytes = bodies.reduce((sum, body) => sum + body.byteLength, 0);
    const { readings, seconds, ownCpuSeconds, databaseCpuSeconds, foldedRows } = cost;
    return {
      store: kind,
      shape: `${series} series x ${rows} a chunk, ${load.chunks} chunks an event`,
      readings,
      seconds: round(seconds),
      readingsPerSecond: Math.round(readings / seconds),
      readingsPerCpuSecond: Math.round(readings / ownCpuSeconds),
      ...(databaseCpuSeconds > 0 && {
        readingsPerDatabaseCpuSecond: Math.round(readings / databaseCpuSeconds),
      }),
      wireBytesPerReading: round(wireBytes / readings),
      foldedRows,
    };
  } finally {
    await loaded.remove();
  }
}

interface Cost {
  readings: number;
  seconds: number;
  ownCpuSeconds: number;
  databaseCpuSeconds: number;
  foldedRows: number;
}

async function takeAll(
  loaded: LoadedStore,
  bodies: readonly Buffer[],
  rules: number,
): Promise<Cost> {
  const { store } = loaded;
  await claimAll(store);
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  const databaseBefore = await loaded.databaseCpuSeconds();
  const judging = rules > 0 ? startJudging(store, rules) : undefined;
  for (let at = 0; at < bodies.length; at += EVENTS_PER_GROUP) {
    await store.accept(groupOf(bodies, at));
    // The ingest pauses between commits, and the store folds meanwhile.
    await systemClock.sleep(0, { name: "bench" });
  }
  await store.fold();
  await judging?.finish();
  const { user, system } = process.cpuUsage(cpu);
  const { totals, foldedRows } = await store.state();
  return {
    readings: totals.readings,
    seconds: (performance.now() - startMs) / 1000,
    ownCpuSeconds: (user + system) / 1e6,
    databaseCpuSeconds: (await loaded.databaseCpuSeconds()) - databaseBefore,
    foldedRows,
  };
}

const scope: HubScope = {
  namespace: "bench",
  hub: "bench",
  consumerGroup: "bench",
  incarnation: 1,
};

async function claimAll(store: Store): Promise<void> {
  for (let lane = 0; lane < LANES; lane++) {
    await store.claim(scope, [{ partition: String(lane), owner: "bench", etag: undefined }]);
  }
}

function groupOf(bodies: readonly Buffer[], from: number): PartitionBatch[] {
  return bodies.slice(from, from + EVENTS_PER_GROUP).map((body, offset) => {
    const at = from + offset;
    const delivery: Delivery = {
      position: { sequenceNumber: Math.floor(at / LANES), offset: String(at) },
      enqueuedAtMs: systemClock.now(),
      body,
      content: readBody(body),
    };
    return { scope, partition: String(at % LANES), owner: "bench", deliveries: [delivery] };
  });
}

/** Events of all lanes in turn. Every series gets one reading a second. */
function makeBodies(
  series: number,
  rows: number,
  chunksPerEvent: number,
  readingsMax: number,
): Buffer[] {
  const random = createRandom(1);
  const devicesPerChunk = Math.max(1, series / TAGS);
  const seqs = Array.from({ length: LANES }, () => 0);
  const turns = Array.from({ length: LANES }, () => 0);
  const bodies: Buffer[] = [];
  for (let readings = 0, lane = 0; readings < readingsMax; lane = (lane + 1) % LANES) {
    const lines: Buffer[] = [];
    for (let chunk = 0; chunk < chunksPerEvent; chunk++) {
      const seq = seqs[lane] ?? 0;
      seqs[lane] = seq + 1;
      const id = { gateway: "hall-3", epoch: "bench", lane, seq };
      const blocks = Array.from({ length: devicesPerChunk }, () => {
        const turn = turns[lane] ?? 0;
        turns[lane] = turn + 1;
        return makeBlock(lane, turn, Math.min(series, TAGS), rows, random);
      });
      lines.push(encodeChunk({ id, content: { kind: "readings", blocks } }));
      readings += series * rows;
    }
    bodies.push(packEvent(lines));
  }
  return bodies;
}

/** The lane's devices take turns; each turn goes on where the device's last one ended. */
function makeBlock(lane: number, turn: number, tags: number, rows: number, random: Random): Block {
  const devices = DEVICES / LANES;
  const firstMs = START_MS + Math.floor(turn / devices) * rows * 1000;
  return {
    device: `device-${lane + LANES * (turn % devices)}`,
    tags: Array.from({ length: tags }, (_, tag) => `tag-${tag}`),
    ts: Array.from({ length: rows }, (_, row) => firstMs + row * 1000),
    columns: Array.from({ length: tags }, () =>
      Array.from({ length: rows }, () => Math.round(200 + 100 * random.normal()) / 10),
    ),
    marks: [],
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
