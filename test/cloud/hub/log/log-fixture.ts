/** A hub's log in a folder of its own, and events to put into it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import rhea from "rhea";
import { readMessageShape } from "#cloud/hub/amqp/message-sections.ts";
import { HubLog, type HubLogOptions } from "#cloud/hub/log/hub-log.ts";
import { realDisk } from "#cloud/hub/log/log-disk.ts";
import type { Recovery } from "#cloud/hub/log/recovery.ts";
import { KEEP_ALL } from "#cloud/hub/log/retention.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const KIB = 1024;

export interface OpenedLog {
  log: HubLog;
  folder: string;
  recovery: Recovery;
}

export async function openLog(options: Partial<HubLogOptions> = {}): Promise<OpenedLog> {
  const folder = options.folder ?? (await tempFolder());
  const log = new HubLog({
    folder,
    partitions: 2,
    clock: systemClock,
    log: silentLogger,
    disk: realDisk,
    commitWindowMs: 0,
    segmentBytesMax: 64 * KIB,
    recentBytesMax: 16 * KIB,
    coldBytesMax: 1024 * KIB,
    indexBytesMax: 1024 * KIB,
    retention: KEEP_ALL,
    ...options,
  });
  return { log, folder, recovery: await log.start() };
}

/** The log's files, oldest first. */
export function segmentFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".log"))
    .toSorted()
    .map((name) => join(folder, name));
}

/** Appends one event; resolves when it is synced, rejects when it is refused. */
export async function append(log: HubLog, partition: number, body: string): Promise<void> {
  const source = rhea.message.encode({ body });
  const messages = [readMessageShape(source, 0, source.length)];
  await new Promise<void>((resolve, reject) => {
    const done = (error: Error | undefined): void => (error ? reject(error) : resolve());
    log.append({ partition, source, messages, done });
  });
}

export interface ReadEvent {
  seq: number;
  body: string;
}

/** All events of the partition from `seq` on. */
export async function readFrom(log: HubLog, partition: number, seq = 0): Promise<ReadEvent[]> {
  const events: ReadEvent[] = [];
  let next = seq;
  for (;;) {
    const found = log.lookup(partition, next);
    if (found.kind === "end") return events;
    if (found.kind === "loading") {
      await found.ready;
      continue;
    }
    const { bytes, baseSeq, count } = found.block;
    let at = 64;
    for (let i = 0; i < count; i++) {
      const size = bytes.readUInt32BE(at);
      const message = rhea.message.decode(bytes.subarray(at + 5, at + 5 + size));
      if (baseSeq + i >= next) events.push({ seq: baseSeq + i, body: message["body"] });
      at += 5 + size;
    }
    next = baseSeq + count;
  }
}
