/** Messages as a plant sends them: ten tags of one of a thousand devices, each with a fingerprint. */
import type { SegmentInput } from "#agent/buffer/contract.ts";
import { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { ReadingBatch, type Series } from "#agent/sources/contract.ts";
import { systemClock } from "#core/clock.ts";
import { laneOf } from "#core/lane.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";

export const DEVICES = 1000;
export const TAGS = 10;
const LANES = 8;

export class Traffic {
  readonly #devices = Array.from({ length: DEVICES }, (_, device) => seriesOf(`device-${device}`));
  #messages = 0;

  get messages(): number {
    return this.#messages;
  }

  next(): SegmentInput {
    const message = this.#messages++;
    const batch = new ReadingBatch("mqtt");
    const ts = 1_763_700_000_000 + message;
    for (const [tag, one] of (this.#devices[message % DEVICES] ?? []).entries()) {
      batch.add(one, ts, 20 + ((message * 7 + tag) % 1000) / 10);
    }
    batch.fingerprint = fingerprintOf(message);
    return { batch, transitions: [], descriptions: [] };
  }
}

export function bufferIn(folder: string, lingerMs: number): StoreAndForward {
  return new StoreAndForward({
    folder,
    gateway: "bench",
    machineId: "bench",
    lanes: LANES,
    lingerMs,
    dedupeWindowMs: 600_000,
    limits: { maxBytes: 2 ** 33, maxAgeMs: 1e10, minFreeBytes: 0, whenFull: "drop-oldest" },
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
  });
}

function seriesOf(device: string): Series[] {
  return Array.from({ length: TAGS }, (_, tag) => ({
    index: 0,
    device,
    tag: `tag-${tag}`,
    lane: laneOf(device, LANES),
  }));
}

function fingerprintOf(message: number): Uint8Array {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setFloat64(0, message + 0.5);
  bytes[11] = 1;
  return bytes;
}
