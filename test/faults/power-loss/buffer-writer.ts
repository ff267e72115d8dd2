/**
 * Fills an agent's buffer, and notes each reading when it is acknowledged, each chunk when it is
 * handed out, and each when it is confirmed.
 */
import { createHash } from "node:crypto";
import { openSync, writeSync } from "node:fs";
import type { StoredChunk } from "#agent/buffer/contract.ts";
import { createRandom } from "#core/random.ts";
import { blocksOf, message, openBuffer } from "../../agent/buffer/support.ts";

const DEVICES = 12;
const MESSAGES = 600;
const IN_FLIGHT = 12;
const RUN_NUMBERS = 1_000_000;

const [folder = "", notesPath = "", run = "0"] = process.argv.slice(2);
const random = createRandom(Number(run) + 1);
const notes = openSync(notesPath, "a");
const note = (text: string): void => void writeSync(notes, `${text}\n`);

const buffer = openBuffer(folder, { random });
await buffer.start();

const append = async (number: number): Promise<void> => {
  const value = Number(run) * RUN_NUMBERS + number;
  await buffer.append(message(`device-${value % DEVICES}`, value, { value }));
  note(`reading ${value}`);
};

const handOut = (chunk: StoredChunk): void => {
  const digest = createHash("sha256").update(chunk.line).digest("hex").slice(0, 16);
  note(`chunk ${chunk.epoch} ${chunk.lane} ${chunk.seq} ${digest}`);
};

const confirm = (chunks: readonly StoredChunk[]): void => {
  for (const chunk of chunks) {
    const values = blocksOf([chunk]).flatMap(({ columns }) => columns[0] ?? []);
    note(`confirmed ${chunk.epoch} ${chunk.lane} ${chunk.seq} ${values.join(",")}`);
  }
  buffer.confirm(chunks);
};

/** Lanes 0 and 1 reach the hub now and then; the others are a backlog. */
const forward = (): void => {
  for (let lane = 0; lane < buffer.lanes; lane++) {
    for (const traffic of ["live", "backlog"] as const) {
      const chunks = buffer.take(lane, traffic, 20_000);
      for (const chunk of chunks) handOut(chunk);
      if (lane > 1 || random.int(3) === 0) buffer.giveBack(chunks);
      else confirm(chunks);
    }
  }
};

for (let number = 0; number < MESSAGES; number += IN_FLIGHT) {
  await Promise.all(Array.from({ length: IN_FLIGHT }, async (_, i) => append(number + i)));
  forward();
}
if (Number(run) % 4 === 3) await buffer.stop();
process.exit(0);
