/**
 * An outage: the buffer fills up while nothing leaves, then drains as fast as it can be read while
 * one device goes on to send a message after the other. Shows what lies on the disk meanwhile, and
 * for how long that device waits while a compaction runs, and otherwise.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { z } from "zod";
import type { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { systemClock } from "#core/clock.ts";
import { systemCodeOf } from "#core/errors.ts";
import { DurationHistogram } from "#core/histogram.ts";
import { bufferIn, Traffic } from "./traffic.ts";

const SAMPLE_MS = 250;
const BLOCK_BYTES = 512;
const TAKE_BYTES = 2 ** 20;
const MB = 1e6;
/** How long after the drain the disk is watched: the last compaction may be under way. */
const SETTLE_MS = 2000;

const durations = z.object({
  count: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
});

const sample = z.object({
  seconds: z.number(),
  phase: z.enum(["fill", "drain", "settle"]),
  storedMb: z.number(),
  diskMb: z.number(),
  isCompacting: z.boolean(),
});

export const outage = z.object({
  samples: z.array(sample),
  fillSeconds: z.number(),
  drainSeconds: z.number(),
  compactions: z.number(),
  acknowledged: z.object({ compacting: durations, otherwise: durations }),
});

type Sample = z.infer<typeof sample>;
type Acknowledged = z.infer<typeof outage>["acknowledged"];

export async function fillAndDrain(
  folder: string,
  bytes: number,
  inFlight: number,
): Promise<z.infer<typeof outage>> {
  const buffer = bufferIn(folder, 1);
  await buffer.start();
  const traffic = new Traffic();
  const samples: Sample[] = [];
  let phase: Sample["phase"] = "fill";
  const startMs = performance.now();
  const secondsSoFar = (): number => (performance.now() - startMs) / 1000;
  const look = async (): Promise<void> => {
    const diskMb = (await bytesIn(join(folder, "db"))) / MB;
    const storedMb = buffer.status().bytes / MB;
    const { isCompacting } = buffer;
    samples.push({ seconds: secondsSoFar(), phase, storedMb, diskMb, isCompacting });
  };
  const sampling = systemClock.every("sample", SAMPLE_MS, () => void look());
  const publish = async (): Promise<void> => {
    while (buffer.status().bytes < bytes) await buffer.append(traffic.next());
  };
  await Promise.all(Array.from({ length: inFlight }, publish));
  const fillSeconds = secondsSoFar();

  phase = "drain";
  const sending = new AbortController();
  const waiting = waitForEach(buffer, traffic, sending.signal);
  await drain(buffer);
  const drainSeconds = secondsSoFar() - fillSeconds;
  sending.abort();
  const { compactions, ...acknowledged } = await waiting;
  phase = "settle";
  await systemClock.sleep(SETTLE_MS, { name: "settle" });
  sampling.cancel();
  await buffer.stop();
  return { samples, fillSeconds, drainSeconds, compactions, acknowledged };
}

/** Takes and confirms all that comes, until only what was sent meanwhile may be left. */
async function drain(buffer: StoreAndForward): Promise<void> {
  const { nextSegment } = await buffer.desk.stat();
  for (;;) {
    for (let lane = 0; lane < buffer.lanes; lane++) {
      for (const traffic of ["backlog", "live"] as const) {
        buffer.confirm(buffer.take(lane, traffic, TAKE_BYTES));
      }
    }
    const { firstSegment } = await buffer.desk.stat();
    if (firstSegment >= nextSegment) return;
    await turn();
  }
}

/** Sends one message after the other, each once the last is acknowledged. */
async function waitForEach(
  buffer: StoreAndForward,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<Pick<z.infer<typeof outage>, "compactions"> & Acknowledged> {
  const compacting = new DurationHistogram();
  const otherwise = new DurationHistogram();
  let compactions = 0;
  let wasCompacting = false;
  while (!signal.aborted) {
    const sentMs = performance.now();
    const before = buffer.isCompacting;
    await buffer.append(traffic.next());
    const isCompacting = before || buffer.isCompacting;
    (isCompacting ? compacting : otherwise).record(performance.now() - sentMs);
    if (isCompacting && !wasCompacting) compactions += 1;
    wasCompacting = isCompacting;
  }
  return { compactions, compacting: compacting.summary(), otherwise: otherwise.summary() };
}

async function bytesIn(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map((file) => blocksOf(join(folder, file))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Nothing, where the file was deleted in between. */
async function blocksOf(file: string): Promise<number> {
  try {
    return (await stat(file)).blocks * BLOCK_BYTES;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return 0;
    throw error;
  }
}
