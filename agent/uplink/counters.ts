import type { StoredChunk, TrafficClass } from "#agent/buffer/contract.ts";

/** What the uplink has done so far, over all lanes. */
export class UplinkCounters {
  events = 0;
  chunks = 0;
  readings = 0;
  bytes = 0;
  backlogReadings = 0;
  failures = 0;
  /** Chunks that the hub never takes, and that were set aside. */
  setAside = 0;
  lastSentAt: number | undefined;

  sent(traffic: TrafficClass, chunks: readonly StoredChunk[], bytes: number, nowMs: number): void {
    let readings = 0;
    for (const chunk of chunks) readings += chunk.readings;
    this.events += 1;
    this.chunks += chunks.length;
    this.readings += readings;
    if (traffic === "backlog") this.backlogReadings += readings;
    this.bytes += bytes;
    this.lastSentAt = nowMs;
  }
}
