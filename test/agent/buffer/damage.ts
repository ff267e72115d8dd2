/** Buffers for the damage tests: full of segments in tables and a log, closed or as after a kill. */
import { cp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BufferDatabase } from "#agent/buffer/database.ts";
import { readNotes, writeNotes } from "#agent/buffer/guard-notes.ts";
import { decodeSegment } from "#agent/buffer/segment-codec.ts";
import { ReadingBatch } from "#agent/sources/contract.ts";
import { silentLogger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { openBuffer, series } from "./support.ts";

/** By lane and seq: the line, as it was stored. */
export type StoredLines = ReadonlyMap<string, string>;

const SEGMENTS = 60;
const READINGS_A_SEGMENT = 6000;

export interface FilledBuffer {
  folder: string;
  epoch: string;
  lines: StoredLines;
}

/** Some 6 MB: one table or more, and a log. */
export async function filledBuffer(random: Random, segments = SEGMENTS): Promise<FilledBuffer> {
  const folder = await tempFolder();
  const buffer = openBuffer(folder);
  await buffer.start();
  const lines = new Map<string, string>();
  for (let segment = 0; segment < segments; segment++) {
    const batch = new ReadingBatch("mqtt");
    const device = `device-${segment % 7}`;
    for (let i = 0; i < READINGS_A_SEGMENT; i++) {
      batch.add(series(device, "x"), segment * READINGS_A_SEGMENT + i, random.next());
    }
    await buffer.append({ batch, transitions: [], descriptions: [] });
  }
  await buffer.stop();
  const database = new BufferDatabase(folder, silentLogger);
  await database.open();
  for await (const { number, bytes } of database.segments(0)) {
    for (const { lane, seq, line } of decodeSegment(number, bytes)!.chunks) {
      lines.set(`${lane}/${seq}`, Buffer.from(line).toString());
    }
  }
  await database.close();
  return { folder, epoch: buffer.epoch, lines };
}

/** A copy that looks as if its agent had been killed. */
export async function killedCopy(filled: FilledBuffer): Promise<string> {
  const folder = await tempFolder();
  await cp(filled.folder, folder, { recursive: true });
  const notes = await readNotes(folder);
  await writeNotes(folder, { ...notes!, inUse: true });
  return folder;
}

/** Does to one file of the database what disks and people do; gives what was done. */
export async function damage(folder: string, random: Random): Promise<string> {
  const files = (await readdir(join(folder, "db"))).filter((name) => !/^LO(CK|G)/.test(name));
  const file = files[random.int(files.length)]!;
  const path = join(folder, "db", file);
  const bytes = await readFile(path);
  const at = random.int(Math.max(1, bytes.length));
  switch (random.int(4)) {
    case 0:
      await rm(path);
      return `${file} was deleted`;
    case 1:
      await truncate(path, at);
      return `${file} was cut at ${at} of ${bytes.length}`;
    case 2:
      bytes.fill(0, at, Math.min(bytes.length, at + 4096));
      await writeFile(path, bytes);
      return `4 KiB of ${file} became zeros at ${at} of ${bytes.length}`;
    default:
      bytes[at]! ^= 1 << random.int(8);
      await writeFile(path, bytes);
      return `a bit of ${file} flipped at ${at} of ${bytes.length}`;
  }
}
