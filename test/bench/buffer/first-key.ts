/**
 * How soon a start finds the first segment that is left, when many small ones before it are deleted
 * but not compacted: from the persisted cursor it is there at once, from the beginning the iterator
 * walks over all that is deleted.
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { newState } from "#agent/buffer/buffer-state.ts";
import { BufferDatabase } from "#agent/buffer/database.ts";
import { silentLogger } from "#core/log.ts";

export const firstKey = z.object({
  forgotten: z.number(),
  left: z.number(),
  fromCursorMs: z.number(),
  fromBeginningMs: z.number(),
});

const SEGMENT_BYTES = 1000;
const LEFT = 100;
const ROUNDS = 5;
const FORGET_AT_ONCE = 100;

export async function measureFirstKey(
  folder: string,
  forgotten: number,
): Promise<z.infer<typeof firstKey>> {
  await leaveDeleted(folder, forgotten);
  const fromCursor: number[] = [];
  const fromBeginning: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    fromCursor.push(await firstAfterStart(folder, (cursor) => cursor));
    fromBeginning.push(await firstAfterStart(folder, () => 0));
  }
  return {
    forgotten,
    left: LEFT,
    fromCursorMs: medianOf(fromCursor),
    fromBeginningMs: medianOf(fromBeginning),
  };
}

async function leaveDeleted(folder: string, forgotten: number): Promise<void> {
  const database = new BufferDatabase(folder, silentLogger);
  await database.open();

  const state = newState({ gateway: "bench", machineId: "bench", lanes: 1 });
  state.nextSegment = forgotten + LEFT;
  for (let number = 0; number < state.nextSegment; number++) {
    const bytes = randomBytes(SEGMENT_BYTES);
    const put = { number, bytes, seen: undefined };
    await database.write({ state, put, forget: [], sync: false });
  }
  for (let number = 0; number < forgotten; number += FORGET_AT_ONCE) {
    const count = Math.min(FORGET_AT_ONCE, forgotten - number);
    const forget = Array.from({ length: count }, (_, i) => number + i);
    state.firstSegment = number + count;
    await database.write({ state, forget, sync: true });
  }
  await database.close();
}

/** Milliseconds from the request to the first segment, in a database that was just opened. */
async function firstAfterStart(folder: string, from: (cursor: number) => number): Promise<number> {
  const database = new BufferDatabase(folder, silentLogger);
  const { state } = await database.open();
  const cursor = state?.firstSegment ?? 0;
  const startMs = performance.now();
  for await (const { number } of database.segments(from(cursor))) {
    if (number !== cursor) throw new Error(`segment ${number} came first, not ${cursor}`);
    break;
  }
  const elapsedMs = performance.now() - startMs;
  await database.close();
  return elapsedMs;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
