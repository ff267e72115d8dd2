/**
 * The agent's buffer under power cuts: each acknowledged reading is there once, or was confirmed; no
 * chunk changes after it was handed out; the seqs have no gap.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { StoredChunk } from "#agent/buffer/contract.ts";
import { messageOf } from "#core/errors.ts";
import { blocksOf, drain, openBuffer } from "../../agent/buffer/support.ts";
import type { Subject } from "./rounds.ts";

/** What the notes say, taken together. */
interface Promises {
  readings: Set<number>;
  /** Values of chunks that the hub has confirmed. */
  confirmed: Set<number>;
  /** Digests by `epoch lane seq`. */
  chunks: Map<string, string>;
  forgotten: Set<string>;
}

function read(notes: readonly string[]): Promises {
  const promises: Promises = {
    readings: new Set(),
    confirmed: new Set(),
    chunks: new Map(),
    forgotten: new Set(),
  };
  for (const note of notes) {
    const [kind, ...rest] = note.split(" ");
    const [epoch = "", lane = "", seq = "", last = ""] = rest;
    const id = `${epoch} ${lane} ${seq}`;
    if (kind === "reading") promises.readings.add(Number(epoch));
    else if (kind === "chunk") promises.chunks.set(id, last);
    else if (kind === "confirmed") {
      promises.forgotten.add(id);
      for (const value of last.split(",")) promises.confirmed.add(Number(value));
    }
  }
  return promises;
}

async function judge(folder: string, notes: readonly string[]): Promise<string[]> {
  const buffer = openBuffer(folder);
  try {
    await buffer.start();
    const chunks = await drain(buffer);
    return [...judgeReadings(chunks, read(notes)), ...judgeChunks(chunks, read(notes))];
  } catch (error) {
    return [`it does not open: ${messageOf(error)}`];
  } finally {
    await buffer.stop();
  }
}

function judgeReadings(chunks: readonly StoredChunk[], promises: Promises): string[] {
  const faults: string[] = [];
  const stored = new Set<number>();
  for (const value of blocksOf(chunks).flatMap(({ columns }) => columns[0] ?? [])) {
    if (stored.has(Number(value))) faults.push(`reading ${value} is stored twice`);
    stored.add(Number(value));
  }
  const { readings, confirmed } = promises;
  const lost = [...readings].filter((value) => !stored.has(value) && !confirmed.has(value));
  if (lost.length > 0) faults.push(`${lost.length} acknowledged readings lost`);
  return faults;
}

function judgeChunks(chunks: readonly StoredChunk[], promises: Promises): string[] {
  const faults: string[] = [];
  const seqs = new Map<string, Set<number>>();
  const seen = (id: string): void => {
    const [epoch, lane, seq] = id.split(" ");
    const key = `${epoch} ${lane}`;
    seqs.set(key, (seqs.get(key) ?? new Set()).add(Number(seq)));
  };
  for (const id of promises.forgotten) seen(id);
  for (const { epoch, lane, seq, line } of chunks) {
    const id = `${epoch} ${lane} ${seq}`;
    const digest = createHash("sha256").update(line).digest("hex").slice(0, 16);
    const known = promises.chunks.get(id);
    if (known !== undefined && known !== digest) faults.push(`chunk ${id} has changed`);
    seen(id);
  }
  for (const [key, numbers] of seqs) {
    if (numbers.size !== Math.max(...numbers) + 1) faults.push(`lane ${key} has a gap`);
  }
  return faults;
}

export const bufferSubject: Subject = {
  writer: fileURLToPath(new URL("buffer-writer.ts", import.meta.url)),
  judge,
};
