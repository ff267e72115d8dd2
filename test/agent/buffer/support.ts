import type { SegmentInput, StoredChunk } from "#agent/buffer/contract.ts";
import { StoreAndForward, type StoreAndForwardOptions } from "#agent/buffer/store-and-forward.ts";
import { ReadingBatch, type Series } from "#agent/sources/contract.ts";
import type { Block } from "#core/chunk.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import { systemClock } from "#core/clock.ts";
import { laneOf } from "#core/lane.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";

const LANES = 4;

const known = new Map<string, Series>();

/** One object a series, as the agent's registry gives it. */
export function series(device: string, tag: string): Series {
  const key = `${device}/${tag}`;
  const made = known.get(key) ?? { index: known.size, device, tag, lane: laneOf(device, LANES) };
  known.set(key, made);
  return made;
}

export interface MessageOptions {
  fingerprint?: Uint8Array;
  source?: string;
}

/** A message of one device: tags and values of one time. */
export function message(
  device: string,
  ts: number,
  values: Readonly<Record<string, number>>,
  options: MessageOptions = {},
): SegmentInput {
  const batch = new ReadingBatch(options.source ?? "mqtt");
  for (const [tag, value] of Object.entries(values)) batch.add(series(device, tag), ts, value);
  batch.fingerprint = options.fingerprint;
  return { batch, transitions: [], descriptions: [] };
}

export function openBuffer(
  folder: string,
  options: Partial<StoreAndForwardOptions> = {},
): StoreAndForward {
  return new StoreAndForward({
    folder,
    gateway: "hall-3",
    machineId: "machine-a",
    lanes: LANES,
    lingerMs: 1,
    dedupeWindowMs: 600_000,
    limits: {
      maxBytes: 2 ** 30,
      maxAgeMs: 14 * 86_400_000,
      minFreeBytes: 0,
      whenFull: "drop-oldest",
    },
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    ...options,
  });
}

/** Takes and confirms all that the buffer holds for the uplink, once its loading has settled. */
export async function drain(buffer: StoreAndForward): Promise<StoredChunk[]> {
  const chunks: StoredChunk[] = [];
  while (buffer.status().segments > 0) {
    for (let lane = 0; lane < buffer.lanes; lane++) {
      for (const traffic of ["backlog", "live"] as const) {
        const taken = buffer.take(lane, traffic, 2 ** 20);
        buffer.confirm(taken);
        chunks.push(...taken);
      }
    }
    await systemClock.sleep(5, { name: "drain" });
  }
  return chunks;
}

export function blocksOf(chunks: readonly StoredChunk[]): Block[] {
  return chunks.flatMap((chunk) => {
    const { content } = decodeChunk(Buffer.from(chunk.line));
    return content.kind === "readings" ? content.blocks : [];
  });
}
