/** A buffer as an outage leaves it: segments of ten messages each, as at 1,000 messages a second. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { ReadingBatch, type Series } from "#agent/sources/contract.ts";
import { systemClock } from "#core/clock.ts";
import { laneOf } from "#core/lane.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { GATEWAY } from "#sim/demo/config-files.ts";

const LANES = 8;
const DEVICES = 1000;
const TAGS = 10;
/** What arrives within the buffer's linger of 10 ms. */
const MESSAGES_PER_SEGMENT = 10;
/** Messages a second. */
const RATE = 1000;

export const BACKLOG_PREFIX = "outage-";

/** Readings per second of the outage. */
export const BACKLOG_RATE = RATE * TAGS;

/** Fills a new buffer with whole segments of at least `readings` readings, up to `endMs`. */
export async function fillBuffer(
  folder: string,
  readings: number,
  endMs: number,
): Promise<{ readings: number; bytes: number }> {
  const buffer = new StoreAndForward({
    folder,
    gateway: GATEWAY,
    machineId: machineId(),
    lanes: LANES,
    lingerMs: 0,
    dedupeWindowMs: 0,
    limits: { maxBytes: 2 ** 40, maxAgeMs: 1e10, minFreeBytes: 0, whenFull: "refuse" },
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
  });
  await buffer.start();
  const devices = Array.from({ length: DEVICES }, (_, device) => seriesOf(device));
  const perSegment = MESSAGES_PER_SEGMENT * TAGS;
  const segments = Math.ceil(readings / perSegment);
  const startMs = endMs - segments * MESSAGES_PER_SEGMENT;
  for (let segment = 0; segment < segments; segment++) {
    const batch = new ReadingBatch("mqtt");
    for (let i = 0; i < MESSAGES_PER_SEGMENT; i++) {
      const message = segment * MESSAGES_PER_SEGMENT + i;
      addMessage(batch, devices[message % DEVICES] ?? [], startMs + message, message);
    }
    await buffer.append({ batch, transitions: [], descriptions: [] });
  }
  const { bytes } = buffer.status();
  await buffer.stop();
  return { readings: segments * perSegment, bytes };
}

function addMessage(
  batch: ReadingBatch,
  series: readonly Series[],
  ts: number,
  message: number,
): void {
  for (const [tag, one] of series.entries()) {
    batch.add(one, ts, 20 + ((message * 7 + tag * 131) % 1000) / 10);
  }
}

function seriesOf(number: number): Series[] {
  const device = `${BACKLOG_PREFIX}${number}`;
  const lane = laneOf(device, LANES);
  return Array.from({ length: TAGS }, (_, tag) => ({
    index: number * TAGS + tag,
    device,
    tag: `tag-${tag}`,
    lane,
  }));
}

/** As the agent sees it, so that the backlog is of the epoch that goes on. */
function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim() || hostname();
  } catch {
    return hostname();
  }
}
