/**
 * What the buffer alone takes in: messages of ten tags, each acknowledged after its segment is
 * synced, with the chunks taken and confirmed at once as a perfect uplink would.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { ReadingBatch, type Series } from "#agent/sources/contract.ts";
import { systemClock } from "#core/clock.ts";
import { laneOf } from "#core/lane.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";

export const name = "buffer";
export const describe = "the buffer alone: messages of 10 tags, synced, then confirmed";

const DEVICES = 1000;
const TAGS = 10;
const LANES = 8;

export interface BufferBenchResult {
  shape: string;
  seconds: number;
  readingsPerSecond: number;
  readingsPerCpuSecond: number;
  acknowledgedP50Ms: number;
  acknowledgedP99Ms: number;
  bytesPerReading: number;
}

export async function run(args: readonly string[]): Promise<BufferBenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "5" },
      inflight: { type: "string", default: "2000" },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-"));
  try {
    return await measure(folder, Number(values.seconds), Number(values.inflight));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  folder: string,
  seconds: number,
  inFlight: number,
): Promise<BufferBenchResult> {
  const buffer = new StoreAndForward({
    folder,
    gateway: "bench",
    machineId: "bench",
    lanes: LANES,
    lingerMs: 10,
    dedupeWindowMs: 600_000,
    limits: { maxBytes: 2 ** 33, maxAgeMs: 1e10, minFreeBytes: 0, whenFull: "drop-oldest" },
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
  });
  await buffer.start();
  let lineBytes = 0;
  buffer.onReady((lane, traffic) => {
    const chunks = buffer.take(lane, traffic, 2 ** 20);
    for (const chunk of chunks) lineBytes += chunk.line.length;
    buffer.confirm(chunks);
  });
  const devices = Array.from({ length: DEVICES }, (_, device) => seriesOf(`device-${device}`));
  const waits: number[] = [];
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let messages = 0;
  const publish = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      await buffer.append({
        batch: nextBatch(devices, messages++),
        transitions: [],
        descriptions: [],
      });
      waits.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, publish));
  const elapsed = (performance.now() - startMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  await buffer.stop();
  waits.sort((a, b) => a - b);
  const readings = messages * TAGS;
  return {
    shape: `${DEVICES} devices x ${TAGS} tags, ${inFlight} messages in flight`,
    seconds: elapsed,
    readingsPerSecond: Math.round(readings / elapsed),
    readingsPerCpuSecond: Math.round(readings / ((cpu.user + cpu.system) / 1e6)),
    acknowledgedP50Ms: waits[waits.length >> 1] ?? 0,
    acknowledgedP99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
    bytesPerReading: lineBytes / readings,
  };
}

function seriesOf(device: string): Series[] {
  return Array.from({ length: TAGS }, (_, tag) => ({
    index: 0,
    device,
    tag: `tag-${tag}`,
    lane: laneOf(device, LANES),
  }));
}

function nextBatch(devices: readonly Series[][], message: number): ReadingBatch {
  const batch = new ReadingBatch("mqtt");
  const series = devices[message % DEVICES] ?? [];
  const ts = 1_763_700_000_000 + message;
  for (const [tag, one] of series.entries())
    batch.add(one, ts, 20 + ((message * 7 + tag) % 1000) / 10);
  batch.fingerprint = fingerprintOf(message);
  return batch;
}

function fingerprintOf(message: number): Uint8Array {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setFloat64(0, message + 0.5);
  bytes[11] = 1;
  return bytes;
}
