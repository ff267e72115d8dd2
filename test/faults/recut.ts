import type { Random } from "#core/random.ts";
import type { CopiedChunk } from "./hub-copyist.ts";

const CHUNKS_PER_EVENT_MAX = 6;

/** Runs of consecutive chunks of one lane, of other lengths than they came in. */
export function recut(chunks: readonly CopiedChunk[], random: Random): CopiedChunk[][] {
  const events: CopiedChunk[][] = [];
  const byLane = Map.groupBy(chunks, ({ id }) => `${id.epoch} ${id.lane}`);
  for (const ofLane of byLane.values()) {
    const inOrder = ofLane.toSorted((a, b) => a.id.seq - b.id.seq);
    let open: CopiedChunk[] = [];
    let room = 0;
    for (const chunk of inOrder) {
      const last = open.at(-1);
      if (!last || room === 0 || chunk.id.seq !== last.id.seq + 1) {
        open = [];
        events.push(open);
        room = 1 + random.int(CHUNKS_PER_EVENT_MAX);
      }
      open.push(chunk);
      room -= 1;
    }
  }
  return events;
}
