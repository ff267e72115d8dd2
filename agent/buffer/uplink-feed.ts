/**
 * The uplink's side of the buffer. A fresh segment is handed over in memory as it is written; what a
 * restart, or an outage, left on the disk is loaded as it is sent. What was lost in between, to
 * damage, is told as a gap.
 */
import type { GapRecord } from "#core/chunk.ts";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { BufferState } from "./buffer-state.ts";
import type { StoredChunk, TrafficClass } from "./contract.ts";
import { DamageWatch } from "./damage-watch.ts";
import type { BufferDatabase } from "./database.ts";
import { ForwardQueue, type LoadedSegmentInfo } from "./forward-queue.ts";
import { SegmentLoader } from "./segment-loader.ts";

/** What waits for the uplink in memory. A backlog is read from the disk as it is sent. */
const LIVE_BYTES_MAX = 8 * 1024 * 1024;
const BACKLOG_BYTES_MAX = 8 * 1024 * 1024;
/** What the hub has not taken for so long is no longer live. */
const LIVE_MS = 10_000;

export interface UplinkFeedOptions {
  database: BufferDatabase;
  /** As it was found at the start. */
  state: Pick<BufferState, "lanes" | "firstSegment" | "nextSegment">;
  clock: Clock;
  log: Logger;
  /** A lane may have something to take. */
  ready: (lane: number, traffic: TrafficClass) => void;
  /** The segments need not be kept any longer. */
  done: (segments: readonly LoadedSegmentInfo[]) => void;
  tellGap: (lane: number, gap: GapRecord) => void;
}

export class UplinkFeed {
  readonly #options: UplinkFeedOptions;
  readonly #queue: ForwardQueue;
  readonly #loader: SegmentLoader;
  readonly #damage = new DamageWatch();
  /** Segments below this number are on disk; one that is being written is not to be looked for. */
  #writtenEnd: number;

  constructor(options: UplinkFeedOptions) {
    const { database, state, log } = options;
    const { lanes, firstSegment, nextSegment } = state;
    this.#options = options;
    this.#writtenEnd = nextSegment;
    this.#queue = new ForwardQueue({
      lanes,
      hasUnread: () => this.#loader.hasUnread,
      liveBytesMax: LIVE_BYTES_MAX,
      liveMs: LIVE_MS,
      backlogBytesMax: BACKLOG_BYTES_MAX,
    });
    this.#loader = new SegmentLoader({
      database,
      from: firstSegment,
      log,
      hasRoom: () => this.#queue.hasRoom,
      wantsMore: () => this.#queue.wantsMore,
      loaded: (segment) => this.#loaded(segment),
      lost: () => this.#damage.damaged(lanes),
    });
  }

  /** Segments that could not be read, or whose checksum did not hold. */
  get damagedSegments(): number {
    return this.#loader.damaged;
  }

  /** Whether segments wait on the disk, in no part of the memory. */
  get hasUnread(): boolean {
    return this.#loader.hasUnread;
  }

  /** All segments below it are done with. */
  get oldestSegment(): number {
    const { oldestBacklog } = this.#queue;
    if (oldestBacklog !== undefined) return oldestBacklog;
    return this.#loader.hasUnread ? this.#loader.next : this.#liveFrom;
  }

  /** Begins to load what the last run left. */
  start(): void {
    this.#loader.load(this.#writtenEnd);
  }

  async stop(): Promise<void> {
    await this.#loader.stop();
  }

  /** Takes over a fresh segment from memory. */
  offer(segment: LoadedSegmentInfo): void {
    this.#writtenEnd = segment.number + 1;
    this.#queue.offer(segment, this.#options.clock.monotonic());
    if (!this.#loader.hasUnread) this.#explainDamage(segment);
    this.#putOffLate();
    this.#tellReady(segment, "live");
  }

  take(lane: number, traffic: TrafficClass, bytesMax: number): readonly StoredChunk[] {
    if (traffic === "live") this.#putOffLate();
    return this.#queue.take(lane, traffic, bytesMax);
  }

  owedFrom(lane: number, epoch: string): number | undefined {
    return this.#queue.owedFrom(lane, epoch);
  }

  giveBack(chunks: readonly StoredChunk[]): void {
    this.#queue.giveBack(chunks);
    // What was taken as live may wait as backlog now, and whoever sends that does not know of it.
    const lane = chunks[0]?.lane;
    if (lane !== undefined) this.#options.ready(lane, "backlog");
  }

  confirm(chunks: readonly StoredChunk[]): void {
    this.forget(this.#queue.settle(chunks));
  }

  /** Takes out the oldest segments of which nothing is in flight, as long as `wanted` says so. */
  evict(wanted: (segment: LoadedSegmentInfo) => boolean): readonly LoadedSegmentInfo[] {
    return this.#queue.evict(wanted);
  }

  /** The segments need not be kept any longer; what waits on the disk may come up. */
  forget(segments: readonly LoadedSegmentInfo[]): void {
    this.#options.done(segments);
    this.loadMore();
  }

  loadMore(): void {
    if (this.#loader.hasUnread) this.#loader.load(0);
    else this.#queue.caughtUp();
  }

  /** From here on, all segments that are not done with are in memory. */
  get #liveFrom(): number {
    return this.#queue.oldestLive ?? this.#writtenEnd;
  }

  #putOffLate(): void {
    if (!this.#loader.hasUnread) this.#loader.skipTo(this.#liveFrom);
    if (this.#queue.putOffLate(this.#options.clock.monotonic())) this.#loader.load(this.#liveFrom);
  }

  #loaded(segment: LoadedSegmentInfo): void {
    this.#explainDamage(segment);
    if (segment.chunks.length === 0) this.#options.done([segment]);
    else if (this.#queue.load(segment)) this.#tellReady(segment, "backlog");
  }

  #explainDamage({ chunks }: LoadedSegmentInfo): void {
    for (const chunk of chunks) {
      const gap = this.#damage.see(chunk);
      if (gap) this.#options.tellGap(chunk.lane, gap);
    }
  }

  #tellReady(segment: LoadedSegmentInfo, traffic: TrafficClass): void {
    for (const lane of new Set(segment.chunks.map((chunk) => chunk.lane))) {
      this.#options.ready(lane, traffic);
    }
  }
}
