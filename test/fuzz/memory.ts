/** How much memory is held once everything that can be freed is freed. */
import { setImmediate as macrotask } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

export interface Held {
  heapBytes: number;
  /** Buffers and other memory outside of the heap. */
  externalBytes: number;
  rssBytes: number;
}

export async function heldMemory(): Promise<Held> {
  // What a collection finds dead outside of the heap is freed after it, and may free more.
  for (let i = 0; i < 3; i++) {
    if (typeof collect === "function") collect();
    await macrotask();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, externalBytes: external, rssBytes: rss };
}
