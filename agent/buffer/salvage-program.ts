/**
 * `salvage-program.ts FROM TO`: lets LevelDB repair the database in FROM, and copies to the one in TO
 * what passes our own checksum. A process of its own, because a damaged table can abort it.
 *
 * Deleted segments may come back to life with the loss of a table that held their deletion: the sink
 * then drops the copies by their identity.
 */
import { ClassicLevel } from "classic-level";
import { decodeState } from "./buffer-state.ts";
import { STATE_KEY } from "./keys.ts";
import { isSeenRecord } from "./seen-record.ts";
import { decodeSegment } from "./segment-codec.ts";

export interface Salvage {
  segments: number;
  /** Segments whose checksum did not hold. */
  damaged: number;
}

type Database = ClassicLevel<string, Buffer>;
type Put = { type: "put"; key: string; value: Buffer };

const BATCH_BYTES = 1024 * 1024;

async function salvage(fromFolder: string, toFolder: string): Promise<Salvage> {
  await ClassicLevel.repair(fromFolder);
  const from: Database = new ClassicLevel(fromFolder, { valueEncoding: "buffer" });
  const to: Database = new ClassicLevel(toFolder, { valueEncoding: "buffer" });
  await Promise.all([from.open(), to.open()]);
  const found: Salvage = { segments: 0, damaged: 0 };
  let batch: Put[] = [];
  let bytes = 0;
  for await (const [key, value] of from.iterator({ fillCache: false })) {
    if (!(await isToKeep(to, key, value))) {
      found.damaged += 1;
      continue;
    }
    if (key.startsWith("segment/")) found.segments += 1;
    batch.push({ type: "put", key, value });
    bytes += value.length;
    if (bytes < BATCH_BYTES) continue;
    await to.batch(batch);
    batch = [];
    bytes = 0;
  }
  await to.batch(batch, { sync: true });
  await Promise.all([from.close(), to.close()]);
  return found;
}

/** Of several states, from several tables, the newest is kept. */
async function isToKeep(to: Database, key: string, value: Buffer): Promise<boolean> {
  if (key.startsWith("segment/")) return decodeSegment(0, value) !== undefined;
  if (key.startsWith("seen/")) return isSeenRecord(value);
  const state = decodeState(value);
  const known = await to.get(STATE_KEY);
  const nextSegment = known ? (decodeState(known)?.nextSegment ?? 0) : 0;
  return key === STATE_KEY && state !== undefined && state.nextSegment >= nextSegment;
}

const [, , from = "", to = ""] = process.argv;
process.stdout.write(`${JSON.stringify(await salvage(from, to))}\n`);
