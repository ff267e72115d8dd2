/** Buffers for the damage tests: full of segments in tables and a log, closed or as after a kill. */
import { cp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredChunk } from "#agent/buffer/contract.ts";
import { BufferDatabase } from "#agent/buffer/database.ts";
import { readNotes, writeNotes } from "#agent/buffer/guard-notes.ts";
import { decodeSegment } from "#agent/buffer/segment-codec.ts";
import { ReadingBatch } from "#agent/sources/contract.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom, type Random } from "#core/random.ts";
import { drain, message, openBuffer, series } from "./support.ts";

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
export async function filledBuffer(
  folder: string,
  random: Random,
  segments = SEGMENTS,
): Promise<FilledBuffer> {
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
export async function killedCopy(filled: FilledBuffer, folder: string): Promise<string> {
  await cp(filled.folder, folder, { recursive: true });
  const notes = await readNotes(folder);
  await writeNotes(folder, { ...notes!, inUse: true });
  return folder;
}

/** Does to one file of the database what disks and people do; gives what was done. */
async function damage(folder: string, random: Random): Promise<string> {
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

export interface Survival {
  done: string;
  /** What must not be; empty when the buffer has come through well. */
  faults: string[];
  /** Chunks that were stored before, and delivered. */
  kept: number;
}

/** Damages a copy of the buffer, starts it, and judges what comes out. */
export async function surviveDamage(
  filled: FilledBuffer,
  folder: string,
  seed: number,
): Promise<Survival> {
  await killedCopy(filled, folder);
  const done = `seed ${seed}: ${await damage(folder, createRandom(seed))}`;
  const { chunks, epoch } = await useAndDrain(folder);
  const delivered = chunks.filter((chunk) => chunk.epoch === filled.epoch);
  const faults = [...faultsOf(filled, delivered, epoch), ...unexplainedOf(filled, chunks)];
  return { done, faults, kept: delivered.length };
}

/** Starts the buffer, stores a message, and takes all that there is. */
export async function useAndDrain(
  folder: string,
): Promise<{ chunks: StoredChunk[]; epoch: string }> {
  const buffer = openBuffer(folder);
  await buffer.start();
  await buffer.append(message("oven", 1, { t: 1 }));
  const chunks = await drain(buffer);
  await buffer.stop();
  return { chunks, epoch: buffer.epoch };
}

/** Nothing is to be delivered that was not stored, nothing twice, and no seq used a second time. */
function faultsOf(
  filled: FilledBuffer,
  delivered: readonly StoredChunk[],
  epoch: string,
): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { lane, seq, line } of delivered) {
    const key = `${lane}/${seq}`;
    const stored = filled.lines.get(key);
    if (seen.has(key)) faults.push(`${key} twice`);
    if (stored !== undefined && Buffer.from(line).toString() !== stored)
      faults.push(`${key} differs`);
    seen.add(key);
  }
  const isWhole = [...filled.lines.keys()].every((key) => seen.has(key));
  if (epoch === filled.epoch && !isWhole) faults.push("the epoch went on");
  return faults;
}

function unexplainedOf(filled: FilledBuffer, chunks: readonly StoredChunk[]): string[] {
  const known = new Set<string>();
  for (const { lane, seq, epoch, line } of chunks) {
    if (epoch === filled.epoch) known.add(`${lane}/${seq}`);
    const { content } = decodeChunk(Buffer.from(line));
    for (const gap of content.kind === "gap" ? content.gaps : []) {
      if (gap.epoch !== filled.epoch) continue;
      // With the log the newest state is lost: how much came after the one before, nobody knows.
      const end = gap.toSeq ?? filled.lines.size;
      for (let at = gap.fromSeq!; at <= end; at++) known.add(`${lane}/${at}`);
    }
  }
  const missing = [...filled.lines.keys()].filter((key) => !known.has(key));
  return missing.map((key) => `${key} is missing, and nothing explains it`);
}
