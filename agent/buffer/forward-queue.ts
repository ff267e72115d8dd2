/**
 * The part of the buffer that is in memory for the uplink, in two classes:
 *
 * - *live*: segments handed over as they were written. Bounded by age and by bytes; what is beyond is
 *   put off: dropped from memory, to be read from the disk again as backlog;
 * - *backlog*: segments read from the disk, oldest first. Bounded by bytes; the rest waits on the disk.
 *
 * All live segments are newer than what waits on the disk, and that is newer than the backlog loaded.
 * A segment is done with when the last of its chunks is settled, in whichever class.
 */
import type { StoredChunk, TrafficClass } from "./contract.ts";
import { LaneQueues } from "./lane-queues.ts";
import { type ChunkName, SettledChunks } from "./settled-chunks.ts";

export interface LoadedSegmentInfo {
  number: number;
  committedAtMs: number;
  /** Size of the stored segment. */
  bytes: number;
  chunks: readonly StoredChunk[];
}

interface QueuedSegment {
  number: number;
  committedAtMs: number;
  bytes: number;
  /** Without their lines, once done. */
  chunks: readonly (StoredChunk | ChunkName)[];
  /** Monotonic time of the hand-over. */
  offeredAtMs: number;
  unsettled: number;
  inFlight: number;
}

export interface ForwardQueueOptions {
  lanes: number;
  /** Whether segments wait on the disk, between the backlog loaded and the live ones. */
  hasUnread: () => boolean;
  liveBytesMax: number;
  liveMs: number;
  backlogBytesMax: number;
}

export class ForwardQueue {
  readonly #options: ForwardQueueOptions;
  readonly #queues: Readonly<Record<TrafficClass, LaneQueues>>;
  /** In order of their numbers. Done ones stay until they are the first. */
  readonly #live = new Map<number, QueuedSegment>();
  readonly #backlog = new Map<number, QueuedSegment>();
  /** Put off with something in flight, and not read again yet. */
  readonly #putOff = new Map<number, QueuedSegment>();
  readonly #inFlight = new Set<StoredChunk>();
  readonly #settled = new SettledChunks();
  /** By lane: the first chunk of the backlog that is in flight, and the last that was loaded. */
  readonly #backlogSent: (StoredChunk | undefined)[];
  readonly #backlogLoaded: (ChunkName | undefined)[];
  #liveBytes = 0;
  #backlogBytes = 0;

  constructor(options: ForwardQueueOptions) {
    const { lanes } = options;
    this.#options = options;
    this.#queues = { live: new LaneQueues(lanes), backlog: new LaneQueues(lanes) };
    this.#backlogSent = Array.from({ length: lanes }, () => undefined);
    this.#backlogLoaded = Array.from({ length: lanes }, () => undefined);
  }

  /** Whether another segment of the backlog may be loaded. */
  get hasRoom(): boolean {
    return this.#backlogBytes < this.#options.backlogBytesMax;
  }

  /** Whether loading should begin: many at once cost less than one by one. */
  get wantsMore(): boolean {
    return this.#backlogBytes < this.#options.backlogBytesMax / 2;
  }

  get oldestBacklog(): number | undefined {
    return this.#backlog.keys().next().value;
  }

  get oldestLive(): number | undefined {
    return this.#live.keys().next().value;
  }

  /** The lowest seq of the lane that still comes as backlog; undefined when there is none. */
  owedFrom(lane: number, epoch: string): number | undefined {
    const first = this.#backlogSent[lane] ?? this.#queues.backlog.first(lane);
    if (first) return first.epoch === epoch ? first.seq : 0;
    if (!this.#options.hasUnread()) return undefined;
    const last = this.#backlogLoaded[lane];
    return last?.epoch === epoch ? last.seq + 1 : 0;
  }

  /** Takes a segment that was just written. */
  offer(info: LoadedSegmentInfo, nowMs: number): void {
    this.#live.set(info.number, queued(info, info.chunks.length, nowMs));
    this.#liveBytes += info.bytes;
    for (const chunk of info.chunks) this.#queues.live.push(chunk);
  }

  /** Puts off live segments that wait for too long, or are too many. False when there were none. */
  putOffLate(nowMs: number): boolean {
    const { liveMs, liveBytesMax } = this.#options;
    let some = false;
    for (const segment of this.#live.values()) {
      if (segment.unsettled > 0) {
        const isLate = nowMs - segment.offeredAtMs > liveMs || this.#liveBytes > liveBytesMax;
        if (!isLate) break;
        this.#putOffSegment(segment);
        some = true;
      } else {
        this.#leave(segment, some || this.#options.hasUnread());
      }
    }
    return some;
  }

  /**
   * Takes a segment that was read from the disk, without the chunks that are settled already. False
   * when nothing is left to be done for it.
   */
  load(info: LoadedSegmentInfo): boolean {
    const known = this.#putOff.get(info.number);
    this.#putOff.delete(info.number);
    const waiting: StoredChunk[] = [];
    for (const chunk of info.chunks) {
      const { epoch, lane, seq } = chunk;
      this.#backlogLoaded[lane] = { epoch, lane, seq };
      const isSent = known?.chunks.some((one) => this.#isSent(one, chunk)) ?? false;
      if (!isSent && !this.#settled.has(chunk)) waiting.push(chunk);
    }
    const inFlight = known?.inFlight ?? 0;
    if (waiting.length + inFlight === 0) return false;
    const segment = queued(info, waiting.length + inFlight, 0);
    segment.inFlight = inFlight;
    this.#backlog.set(info.number, segment);
    this.#backlogBytes += info.bytes;
    for (const chunk of waiting) this.#queues.backlog.push(chunk);
    return true;
  }

  take(lane: number, traffic: TrafficClass, bytesMax: number): StoredChunk[] {
    const taken = this.#queues[traffic].take(lane, bytesMax);
    for (const chunk of taken) {
      this.#segmentOf(chunk).inFlight += 1;
      this.#inFlight.add(chunk);
    }
    if (traffic === "backlog") this.#backlogSent[lane] ??= taken[0];
    return taken;
  }

  giveBack(chunks: readonly StoredChunk[]): void {
    this.#noLongerSent(chunks);
    const live: StoredChunk[] = [];
    const backlog: StoredChunk[] = [];
    for (const chunk of chunks) {
      const segment = this.#segmentOf(chunk);
      segment.inFlight -= 1;
      if (this.#live.has(chunk.segment)) live.push(chunk);
      else if (this.#backlog.has(chunk.segment)) backlog.push(chunk);
      else if (segment.inFlight === 0) this.#putOff.delete(chunk.segment);
    }
    if (live.length > 0) this.#queues.live.putBack(live);
    if (backlog.length > 0) this.#queues.backlog.putBack(backlog);
  }

  /** The chunks need no more care. Returns the segments that are done with. */
  settle(chunks: readonly StoredChunk[]): LoadedSegmentInfo[] {
    this.#noLongerSent(chunks);
    const done: LoadedSegmentInfo[] = [];
    for (const chunk of chunks) {
      const segment = this.#segmentOf(chunk);
      segment.inFlight -= 1;
      segment.unsettled -= 1;
      if (this.#putOff.has(segment.number)) this.#settlePutOff(segment, chunk);
      if (segment.unsettled > 0) continue;
      const { number, committedAtMs, bytes } = segment;
      done.push({ number, committedAtMs, bytes, chunks: [] });
      this.#finish(segment);
    }
    for (const segment of this.#live.values()) {
      if (segment.unsettled > 0) break;
      this.#leave(segment, this.#options.hasUnread());
    }
    return done;
  }

  /** Nothing waits on the disk: what was settled ahead of it need no longer be known. */
  caughtUp(): void {
    if (this.#backlog.size === 0 && this.#putOff.size === 0) this.#settled.clear();
  }

  /**
   * Takes out the oldest segments of which nothing is in flight, as long as `wanted` says so; live
   * ones only when nothing older waits on the disk. Chunks of theirs that the hub already has
   * confirmed are not listed.
   */
  evict(wanted: (segment: LoadedSegmentInfo) => boolean): LoadedSegmentInfo[] {
    const backlog = evictable(this.#backlog, wanted);
    for (const { number, bytes } of backlog.segments) {
      this.#backlog.delete(number);
      this.#backlogBytes -= bytes;
    }
    const evicted = withChunks(backlog.segments, this.#queues.backlog);
    if (backlog.isMoreWanted && !this.#options.hasUnread()) {
      const live = evictable(this.#live, wanted);
      for (const { number, bytes } of live.segments) {
        this.#live.delete(number);
        this.#liveBytes -= bytes;
      }
      evicted.push(...withChunks(live.segments, this.#queues.live));
    }
    return evicted;
  }

  #putOffSegment(segment: QueuedSegment): void {
    const waiting = new Set<object>(this.#queues.live.removeOldest(segment.number));
    this.#live.delete(segment.number);
    this.#liveBytes -= segment.bytes;
    if (segment.inFlight > 0) this.#putOff.set(segment.number, segment);
    for (const chunk of segment.chunks) {
      const isSent = "line" in chunk && this.#inFlight.has(chunk);
      if (!waiting.has(chunk) && !isSent) this.#settled.add(chunk);
    }
  }

  /** It will be read again, perhaps even after it is done: its deletion takes a while. */
  #settlePutOff(segment: QueuedSegment, chunk: StoredChunk): void {
    this.#settled.add(chunk);
    if (segment.inFlight === 0) this.#putOff.delete(segment.number);
  }

  /** A live segment that is done stays, without its lines, until those before it are gone, too. */
  #finish(segment: QueuedSegment): void {
    if (this.#live.has(segment.number)) {
      this.#liveBytes -= segment.bytes;
      segment.chunks = segment.chunks.map(({ epoch, lane, seq }) => ({ epoch, lane, seq }));
    } else if (this.#backlog.delete(segment.number)) {
      this.#backlogBytes -= segment.bytes;
    }
  }

  #leave(segment: QueuedSegment, isReadAgain: boolean): void {
    this.#live.delete(segment.number);
    if (isReadAgain) for (const chunk of segment.chunks) this.#settled.add(chunk);
  }

  #isSent(known: StoredChunk | ChunkName, chunk: StoredChunk): boolean {
    const isSame = known.lane === chunk.lane && known.seq === chunk.seq;
    return isSame && "line" in known && this.#inFlight.has(known);
  }

  #noLongerSent(chunks: readonly StoredChunk[]): void {
    for (const chunk of chunks) {
      this.#inFlight.delete(chunk);
      if (this.#backlogSent[chunk.lane] === chunk) this.#backlogSent[chunk.lane] = undefined;
    }
  }

  #segmentOf({ segment: number }: StoredChunk): QueuedSegment {
    const segment = this.#live.get(number) ?? this.#backlog.get(number) ?? this.#putOff.get(number);
    if (!segment) throw new Error(`segment ${number} is not loaded`);
    return segment;
  }
}

function queued(info: LoadedSegmentInfo, unsettled: number, offeredAtMs: number): QueuedSegment {
  const { number, committedAtMs, bytes, chunks } = info;
  return { number, committedAtMs, bytes, chunks, offeredAtMs, unsettled, inFlight: 0 };
}

/** `isMoreWanted`: all that could go went, and `wanted` has not said no. */
function evictable(
  segments: ReadonlyMap<number, QueuedSegment>,
  wanted: (segment: LoadedSegmentInfo) => boolean,
): { segments: LoadedSegmentInfo[]; isMoreWanted: boolean } {
  const found: LoadedSegmentInfo[] = [];
  for (const { number, committedAtMs, bytes, inFlight, unsettled } of segments.values()) {
    if (inFlight > 0 || unsettled === 0) continue;
    const segment = { number, committedAtMs, bytes, chunks: [] };
    if (!wanted(segment)) return { segments: found, isMoreWanted: false };
    found.push(segment);
  }
  return { segments: found, isMoreWanted: true };
}

function withChunks(segments: readonly LoadedSegmentInfo[], from: LaneQueues): LoadedSegmentInfo[] {
  if (segments.length === 0) return [];
  const byNumber = new Map<number, StoredChunk[]>(segments.map(({ number }) => [number, []]));
  for (const chunk of from.remove(new Set(byNumber.keys()))) {
    byNumber.get(chunk.segment)?.push(chunk);
  }
  return segments.map((segment) => ({ ...segment, chunks: byNumber.get(segment.number) ?? [] }));
}
