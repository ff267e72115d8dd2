/**
 * The part of the buffer that waits in memory for the uplink: whole segments, loaded in order, cut
 * into their chunks by lane. Bounded by bytes; what does not fit stays on disk until there is room.
 * A segment is forgotten when the last of its chunks is settled.
 */
import type { StoredChunk } from "./contract.ts";

interface LoadedSegment {
  number: number;
  committedAtMs: number;
  bytes: number;
  chunks: readonly StoredChunk[];
  unsettled: number;
  inFlight: number;
}

export interface LoadedSegmentInfo {
  number: number;
  committedAtMs: number;
  /** Size of the stored segment. */
  bytes: number;
  chunks: readonly StoredChunk[];
}

export class ForwardQueue {
  readonly #bytesMax: number;
  readonly #lanes: StoredChunk[][];
  /** In order of their numbers. */
  readonly #segments = new Map<number, LoadedSegment>();
  #bytes = 0;

  constructor(lanes: number, bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#lanes = Array.from({ length: lanes }, () => []);
  }

  get hasRoom(): boolean {
    return this.#bytes < this.#bytesMax;
  }

  /** The lowest number loaded, if any. */
  get oldest(): number | undefined {
    return this.#segments.keys().next().value;
  }

  push(info: LoadedSegmentInfo): void {
    const { number, committedAtMs, bytes, chunks } = info;
    const unsettled = chunks.length;
    this.#segments.set(number, { number, committedAtMs, bytes, chunks, unsettled, inFlight: 0 });
    this.#bytes += bytes;
    for (const chunk of chunks) this.#lanes[chunk.lane]?.push(chunk);
  }

  take(lane: number, bytesMax: number): StoredChunk[] {
    const queue = this.#lanes[lane] ?? [];
    let bytes = 0;
    let count = 0;
    for (const chunk of queue) {
      bytes += chunk.line.length;
      if (count > 0 && (bytes > bytesMax || chunk.epoch !== queue[0]?.epoch)) break;
      count += 1;
    }
    const taken = queue.splice(0, count);
    for (const chunk of taken) this.#segmentOf(chunk).inFlight += 1;
    return taken;
  }

  giveBack(chunks: readonly StoredChunk[]): void {
    const lane = chunks[0]?.lane;
    if (lane === undefined) return;
    this.#lanes[lane]?.unshift(...chunks);
    for (const chunk of chunks) this.#segmentOf(chunk).inFlight -= 1;
  }

  /** The chunks need no more care. Returns the segments that are done with. */
  settle(chunks: readonly StoredChunk[]): LoadedSegmentInfo[] {
    const done: LoadedSegmentInfo[] = [];
    for (const chunk of chunks) {
      const segment = this.#segmentOf(chunk);
      segment.inFlight -= 1;
      segment.unsettled -= 1;
      if (segment.unsettled > 0) continue;
      this.#remove(segment);
      done.push(segment);
    }
    return done;
  }

  /**
   * Takes out the oldest segments of which nothing is in flight, as long as `wanted` says so.
   * Chunks of theirs that the hub already has confirmed are not listed.
   */
  evict(wanted: (segment: LoadedSegmentInfo) => boolean): LoadedSegmentInfo[] {
    const evicted: LoadedSegmentInfo[] = [];
    for (const segment of this.#segments.values()) {
      if (segment.inFlight > 0) continue;
      if (!wanted(segment)) break;
      this.#remove(segment);
      evicted.push(segment);
    }
    if (evicted.length === 0) return [];
    const gone = new Set(evicted.map((segment) => segment.number));
    const lost = new Map<number, StoredChunk[]>();
    for (const [lane, queue] of this.#lanes.entries()) {
      for (const chunk of queue) {
        if (!gone.has(chunk.segment)) continue;
        const list = lost.get(chunk.segment) ?? [];
        lost.set(chunk.segment, [...list, chunk]);
      }
      this.#lanes[lane] = queue.filter((chunk) => !gone.has(chunk.segment));
    }
    return evicted.map(({ number, committedAtMs, bytes }) => ({
      number,
      committedAtMs,
      bytes,
      chunks: lost.get(number) ?? [],
    }));
  }

  #remove(segment: LoadedSegment): void {
    this.#segments.delete(segment.number);
    this.#bytes -= segment.bytes;
  }

  #segmentOf(chunk: StoredChunk): LoadedSegment {
    const segment = this.#segments.get(chunk.segment);
    if (!segment) throw new Error(`segment ${chunk.segment} is not loaded`);
    return segment;
  }
}
