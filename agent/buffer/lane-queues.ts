/** Chunks that wait for the uplink, one queue a lane, in order of their segments and seqs. */
import type { StoredChunk } from "./contract.ts";

export class LaneQueues {
  readonly #queues: StoredChunk[][];

  constructor(lanes: number) {
    this.#queues = Array.from({ length: lanes }, () => []);
  }

  first(lane: number): StoredChunk | undefined {
    return this.#queues[lane]?.[0];
  }

  push(chunk: StoredChunk): void {
    this.#queues[chunk.lane]?.push(chunk);
  }

  /** The next chunks of a lane, of one epoch, up to about `bytesMax`, but at least one. */
  take(lane: number, bytesMax: number): StoredChunk[] {
    const queue = this.#queues[lane] ?? [];
    let bytes = 0;
    let count = 0;
    for (const chunk of queue) {
      bytes += chunk.line.length;
      if (count > 0 && (bytes > bytesMax || chunk.epoch !== queue[0]?.epoch)) break;
      count += 1;
    }
    return queue.splice(0, count);
  }

  /** Puts chunks of one lane back to where they belong: nearly always before all others. */
  putBack(chunks: readonly StoredChunk[]): void {
    const queue = this.#queues[chunks[0]?.lane ?? 0];
    if (!queue) return;
    queue.unshift(...chunks);
    const next = queue[chunks.length];
    const last = chunks.at(-1);
    if (next && last && inOrder(next, last) < 0) queue.sort(inOrder);
  }

  /** Takes out what is there of the given segments. */
  remove(segments: ReadonlySet<number>): StoredChunk[] {
    const removed: StoredChunk[] = [];
    for (const [lane, queue] of this.#queues.entries()) {
      const kept: StoredChunk[] = [];
      for (const chunk of queue) (segments.has(chunk.segment) ? removed : kept).push(chunk);
      if (kept.length < queue.length) this.#queues[lane] = kept;
    }
    return removed;
  }

  /** Takes out what is there of the oldest segment in these queues. */
  removeOldest(segment: number): StoredChunk[] {
    const removed: StoredChunk[] = [];
    for (const queue of this.#queues) {
      let count = 0;
      while (queue[count]?.segment === segment) count += 1;
      if (count > 0) removed.push(...queue.splice(0, count));
    }
    return removed;
  }
}

function inOrder(a: StoredChunk, b: StoredChunk): number {
  return a.segment - b.segment || a.seq - b.seq;
}
