/**
 * Stands between the buffer and the uplink: gives nothing out while stored times cannot be told, and
 * afterwards chunks in wall time. Costs nothing on a gateway whose clock has always been right.
 */
import type { BufferReader, StoredChunk, TrafficClass } from "#agent/buffer/contract.ts";
import type { GatewayClock } from "./gateway-clock.ts";
import { toWallTime } from "./timed-chunk.ts";

export class ClockedReader implements BufferReader {
  readonly #buffer: BufferReader;
  readonly #clock: GatewayClock;

  constructor(buffer: BufferReader, clock: GatewayClock) {
    this.#buffer = buffer;
    this.#clock = clock;
  }

  get gateway(): string {
    return this.#buffer.gateway;
  }

  get lanes(): number {
    return this.#buffer.lanes;
  }

  take(lane: number, traffic: TrafficClass, bytesMax: number): readonly StoredChunk[] {
    if (!this.#clock.isDecided) return [];
    const chunks = this.#buffer.take(lane, traffic, bytesMax);
    const { table } = this.#clock;
    if (table.isEmpty) return chunks;
    return chunks.map((chunk) => {
      const line = toWallTime(chunk.line, table);
      return line === chunk.line ? chunk : Object.assign({}, chunk, { line });
    });
  }

  confirm(chunks: readonly StoredChunk[]): void {
    this.#buffer.confirm(chunks);
  }

  giveBack(chunks: readonly StoredChunk[]): void {
    this.#buffer.giveBack(chunks);
  }

  async dismiss(chunk: StoredChunk, reason: string): Promise<void> {
    await this.#buffer.dismiss(chunk, reason);
  }

  owedFrom(lane: number, epoch: string): number | undefined {
    return this.#buffer.owedFrom(lane, epoch);
  }

  onReady(listener: (lane: number, traffic: TrafficClass) => void): void {
    this.#buffer.onReady(listener);
    this.#clock.onDecided(() => {
      for (let lane = 0; lane < this.lanes; lane++) {
        listener(lane, "live");
        listener(lane, "backlog");
      }
    });
  }
}
