/** The hub's log under power cuts: what was confirmed is there, once, in order, and so is the key. */
import { fileURLToPath } from "node:url";
import { Hub } from "#cloud/hub/hub.ts";
import type { HubLog } from "#cloud/hub/log/hub-log.ts";
import { systemClock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { silentLogger } from "#core/log.ts";
import { readFrom } from "../../cloud/hub/log/log-fixture.ts";
import type { Subject } from "./rounds.ts";

export const HUB_PARTITIONS = 3;
/** Small, so that segments are begun and finished all the time. */
const SEGMENT_BYTES_MAX = 100_000;

export async function openHub(dataDir: string): Promise<{ hub: Hub; log: HubLog }> {
  const hub = new Hub({
    clock: systemClock,
    log: silentLogger,
    dataDir,
    hubs: [{ name: "telemetry", partitions: HUB_PARTITIONS }],
    segmentBytesMax: SEGMENT_BYTES_MAX,
    commitWindowMs: 0,
  });
  await hub.start();
  const [only] = hub.hubs();
  if (!only) throw new Error("the hub has no hub");
  return { hub, log: only.log };
}

async function judge(folder: string, notes: readonly string[]): Promise<string[]> {
  let opened: Awaited<ReturnType<typeof openHub>>;
  try {
    opened = await openHub(folder);
  } catch (error) {
    return [`it does not start: ${messageOf(error)}`];
  }
  const { hub, log } = opened;
  try {
    const key = hub.connectionString("telemetry").split(";")[2];
    const faults = notes.some((note) => note.startsWith("key ") && note !== `key ${key}`)
      ? ["another key"]
      : [];
    for (let partition = 0; partition < HUB_PARTITIONS; partition++) {
      faults.push(...(await judgePartition(log, partition, notes)));
    }
    return faults;
  } finally {
    await hub.stop();
  }
}

async function judgePartition(
  log: HubLog,
  partition: number,
  notes: readonly string[],
): Promise<string[]> {
  const faults: string[] = [];
  const events = await readFrom(log, partition);
  const stored = new Set<string>();
  for (const [index, { seq, body }] of events.entries()) {
    const [name = ""] = body.split(" ");
    if (seq !== index) faults.push(`partition ${partition}: sequence ${seq} at ${index}`);
    if (stored.has(name)) faults.push(`partition ${partition}: ${name} is stored twice`);
    stored.add(name);
  }
  const prefix = `event ${partition} `;
  const confirmed = notes.filter((note) => note.startsWith(prefix));
  const lost = confirmed.filter((note) => !stored.has(note.slice(prefix.length)));
  if (lost.length > 0) faults.push(`partition ${partition}: ${lost.length} confirmed events lost`);
  return faults.slice(0, 5);
}

export const hubSubject: Subject = {
  writer: fileURLToPath(new URL("hub-writer.ts", import.meta.url)),
  judge,
};
