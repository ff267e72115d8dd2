/**
 * What leaves the buffer without having reached the hub: whole segments, the oldest first, never one
 * of which something is in flight. Each is told to the sink by a gap record, in the batch that
 * deletes it. Alarms and descriptions of series in a dropped segment are not lost with its readings:
 * they are stored anew, and so outlive them. Only where they are most of what there is to drop do
 * the oldest of them go, too.
 */
import type { ChunkContent, GapRecord } from "#core/chunk.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import type { Clock } from "#core/clock.ts";
import type { StoredChunk } from "./contract.ts";
import type { LoadedSegmentInfo } from "./forward-queue.ts";
import type { RetentionGuard } from "./retention.ts";
import type { SegmentBuilder } from "./segment-builder.ts";
import type { UplinkFeed } from "./uplink-feed.ts";

/** Of `maxBytes`: how far the buffer may exceed it by what was stored anew. */
const CARRY_SHARE = 1 / 8;

export interface DroppingOptions {
  maxBytes: number;
  retention: RetentionGuard;
  clock: Clock;
  feed: () => UplinkFeed;
  epoch: () => string;
  /** Puts into the open segment what the sink is to be told. */
  tell: (write: (builder: SegmentBuilder) => void) => void;
}

export class Dropping {
  readonly #options: DroppingOptions;
  readonly #carryBytesMax: number;
  /** How much may be stored anew at present; half of what dropped readings took is added to it. */
  #carryBytes: number;
  #readings = 0;
  #lastAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DroppingOptions) {
    this.#options = options;
    this.#carryBytesMax = options.maxBytes * CARRY_SHARE;
    this.#carryBytes = this.#carryBytesMax;
  }

  /** Readings dropped since the start, for whatever reason. */
  get readings(): number {
    return this.#readings;
  }

  /** When readings were last dropped, on the monotonic scale. */
  get lastAtMs(): number {
    return this.#lastAtMs;
  }

  /** Frees some of the oldest segments; false when nothing could be freed. */
  makeRoom(storedBytes: number): boolean {
    const { retention, feed } = this.#options;
    let excess = retention.excessBytes(storedBytes);
    const dropped = feed().evict((segment) => {
      if (excess <= 0) return false;
      excess -= segment.bytes;
      return true;
    });
    retention.dropped();
    this.#drop(dropped, "buffer full");
    return dropped.length > 0;
  }

  dropAged(): void {
    const { retention, feed } = this.#options;
    const expired = feed().evict((segment) => retention.isTooOld(segment));
    this.#drop(expired, "older than the buffer's maxAge");
  }

  /** An operator's wish: what is loaded and not in flight. Gives the number of segments. */
  dropBelow(segment: number): number {
    const dropped = this.#options.feed().evict(({ number }) => number < segment);
    this.#drop(dropped, "dropped by an operator");
    return dropped.length;
  }

  /** News that were never numbered. */
  dropNews(lane: number, readings: number): void {
    this.#count(readings);
    this.tellGap(lane, { readings, reason: "buffer full" });
  }

  /** The hub will never take this chunk. */
  dismiss(chunk: StoredChunk, reason: string): void {
    this.#tellLost(chunk, reason);
    const content = chunk.readings > 0 ? undefined : contentOf(chunk);
    if (content?.kind === "gap") this.#tellAgain(chunk, content.gaps);
  }

  /** The gap's epoch, where it has one, need not differ from the buffer's own. */
  tellGap(lane: number, gap: GapRecord): void {
    const { epoch, ...own } = gap;
    const told = epoch === this.#options.epoch() ? own : gap;
    this.#options.tell((builder) => builder.addGap(lane, told));
  }

  #drop(segments: readonly LoadedSegmentInfo[], reason: string): void {
    if (segments.length === 0) return;
    for (const chunk of segments.flatMap((segment) => segment.chunks)) {
      this.#tellLost(chunk, reason);
      if (chunk.readings > 0) {
        this.#carryBytes = Math.min(this.#carryBytesMax, this.#carryBytes + chunk.line.length / 2);
        continue;
      }
      const content = contentOf(chunk);
      // A record of a loss is small, merges with others, and explains a hole: it always stays.
      if (content.kind === "gap") this.#tellAgain(chunk, content.gaps);
      else if (chunk.line.length <= this.#carryBytes) {
        this.#carryBytes -= chunk.line.length;
        this.#carryOver(content);
      }
    }
    this.#options.feed().forget(segments);
  }

  #tellLost(chunk: StoredChunk, reason: string): void {
    const { seq, lane, readings, epoch } = chunk;
    this.#count(readings);
    this.tellGap(lane, { epoch, fromSeq: seq, toSeq: seq, readings, reason });
  }

  #tellAgain({ lane, epoch }: StoredChunk, gaps: readonly GapRecord[]): void {
    for (const gap of gaps) this.tellGap(lane, { epoch, ...gap });
  }

  #carryOver(content: ChunkContent): void {
    const { tell } = this.#options;
    if (content.kind === "alarm") tell((builder) => builder.addTransitions(content.transitions));
    if (content.kind === "meta") tell((builder) => builder.addDescriptions(content.series));
  }

  #count(readings: number): void {
    if (readings === 0) return;
    this.#readings += readings;
    this.#lastAtMs = this.#options.clock.monotonic();
  }
}

function contentOf(chunk: StoredChunk): ChunkContent {
  return decodeChunk(Buffer.from(chunk.line)).content;
}
