import type { StoredChunk } from "#agent/buffer/contract.ts";

/** What the uplink has done so far, over all lanes. */
export class UplinkCounters {
  events = 0;
  chunks = 0;
  readings = 0;
  bytes = 0;
  failures = 0;
  lastError: string | undefined;
  lastSentAt: number | undefined;
  isFailing = false;

  sent(chunks: readonly StoredChunk[], bytes: number, nowMs: number): void {
    this.events += 1;
    this.chunks += chunks.length;
    for (const chunk of chunks) this.readings += chunk.readings;
    this.bytes += bytes;
    this.lastSentAt = nowMs;
    this.isFailing = false;
  }

  failed(reason: string): void {
    this.failures += 1;
    this.lastError = reason;
    this.isFailing = true;
  }
}
