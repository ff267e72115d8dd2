/**
 * The durable log of one hub, shared by all its partitions: a commit that touched 32 files would
 * cost 32 syncs.
 *
 * Invariants: readers see only what is synced; memory is bounded by the options, whatever the
 * backlog; nothing is copied per consumer.
 */
import type { Clock } from "#core/clock.ts";
import type { PenstockError } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";
import { syncFolder } from "../durable-file.ts";
import { payloadIsSound, readBlockHead, seqOfOffset } from "./block.ts";
import { BlockLocator } from "./block-locator.ts";
import type { BlockEntry } from "./block-table.ts";
import { ColdPages } from "./cold-pages.ts";
import type { AppendRequest, EncodedGroup } from "./group-encoder.ts";
import type { LogDisk } from "./log-disk.ts";
import { type LogIdentity, noteCleanEnd, openIdentity, takeCleanEnd } from "./log-identity.ts";
import { LogWriter } from "./log-writer.ts";
import { emptyPartition, type PartitionState } from "./partition-state.ts";
import { ProducerBook } from "./producer-book.ts";
import { RecentGroups } from "./recent-groups.ts";
import { type Recovery, recoverLog } from "./recovery.ts";
import { expiredCount, type Retention } from "./retention.ts";
import { closeSegment, openSegment, retireSegment, type Segment, tableOf } from "./segment.ts";
import { SegmentTables } from "./segment-tables.ts";
import { encodeStateBlock, type LogKnowledge } from "./state-block.ts";

/** A segment is finished after this part of the retention's age, however little is in it. */
const AGE_PARTS = 4;

export interface HubLogOptions {
  folder: string;
  partitions: number;
  clock: Clock;
  log: Logger;
  disk: LogDisk;
  commitWindowMs: number;
  segmentBytesMax: number;
  recentBytesMax: number;
  coldBytesMax: number;
  /** Tables of finished segments that stay in memory. */
  indexBytesMax: number;
  retention: Retention;
}

/** A block's events, ready to be sent: `bytes` begins with the block's head. */
export interface StoredBlock {
  readonly bytes: Buffer;
  readonly baseSeq: number;
  readonly count: number;
}

export type Lookup =
  | { kind: "block"; block: StoredBlock }
  /** Nothing is stored from there on, yet. */
  | { kind: "end" }
  /** On disk; ask again when `ready` resolves. It rejects when the disk cannot be read. */
  | { kind: "loading"; ready: Promise<void> };

export class HubLog {
  readonly #options: HubLogOptions;
  readonly #partitions: PartitionState[];
  readonly producers = new ProducerBook();
  readonly #recent: RecentGroups;
  readonly #cold: ColdPages;
  readonly #tables: SegmentTables;
  /** Oldest first; the last one is being written. */
  readonly #segments: Segment[] = [];
  readonly #locator: BlockLocator;
  readonly #damagedBlocks = new Set<number>();
  #writer: LogWriter | undefined;
  #identity: LogIdentity | undefined;
  /** Runs for each partition that a commit touched. */
  onCommitted: (partition: number) => void = () => {};
  /** Runs when the log can take more after `isCongested`. */
  onDrained: () => void = () => {};
  onFault: (fault: PenstockError) => void = () => {};
  /** What retention has deleted since the start. */
  readonly expired = { segments: 0, bytes: 0 };

  constructor(options: HubLogOptions) {
    this.#options = options;
    this.#partitions = Array.from({ length: options.partitions }, (_, id) => emptyPartition(id));
    this.#recent = new RecentGroups(options.recentBytesMax);
    this.#cold = new ColdPages(options.coldBytesMax);
    this.#tables = new SegmentTables(options.indexBytesMax, options.log);
    this.#locator = new BlockLocator(this.#segments, this.#tables);
  }

  /** Opens or makes the log, and brings it to a known state; throws `HUB_LOG_FAILED`. */
  async start(): Promise<Recovery> {
    const { folder, partitions, clock, log } = this.#options;
    this.#identity = openIdentity(folder, partitions, clock.now());
    const recovery = recoverLog(folder, this.#knowledge, takeCleanEnd(folder), log);
    this.#segments.push(...recovery.segments);
    await this.#indexFinished();
    if (this.#segments.length === 0) await this.#rollSegment();
    this.#writer = this.#makeWriter();
    // A kill has left it without the record of where the partitions stand.
    if (this.#lastSegment().bytes === 0) this.#writer.rollBeforeNextWrite();
    return recovery;
  }

  /** Writes what waits, and closes the files. */
  async stop(): Promise<void> {
    await this.#writer?.stop();
    const last = this.#segments.at(-1);
    if (last && !this.#writer?.fault) noteCleanEnd(this.#options.folder, last.base + last.bytes);
    for (const segment of this.#segments.splice(0)) closeSegment(segment);
  }

  /** Index files that were missing after a crash are made up for. */
  async #indexFinished(): Promise<void> {
    for (const [i, segment] of this.#segments.entries()) {
      const next = this.#segments[i + 1];
      if (next && segment.tables) await this.#tables.finish(segment, next.start);
    }
  }

  /** Deletes what the retention no longer keeps. */
  expire(nowMs: number): void {
    const count = expiredCount(this.#segments, this.#options.retention, nowMs);
    for (const segment of this.#segments.splice(0, count)) {
      this.expired.segments += 1;
      this.expired.bytes += segment.bytes;
      this.#tables.remove(segment);
    }
    const ageMsMax = this.#options.retention.ageMsMax;
    const last = this.#segments.at(-1);
    // A quiet hub never fills its segment; it must still be finished some day to be deleted.
    if (last && nowMs - last.createdMs > ageMsMax / AGE_PARTS) this.writer.rollBeforeNextWrite();
  }

  #makeWriter(): LogWriter {
    const { clock, disk, commitWindowMs, segmentBytesMax } = this.#options;
    return new LogWriter({
      clock,
      disk,
      commitWindowMs,
      segmentBytesMax,
      partitions: this.#partitions,
      currentSegment: () => this.#lastSegment(),
      rollSegment: async () => this.#rollSegment(),
      committed: (segment, address, group) => this.#commit(segment, address, group),
      failed: (fault) => this.onFault(fault),
      drained: () => this.onDrained(),
    });
  }

  get writer(): LogWriter {
    if (!this.#writer) throw new Error("the log is not started");
    return this.#writer;
  }

  get #knowledge(): LogKnowledge {
    return { partitions: this.#partitions, producers: this.producers };
  }

  get createdAtMs(): number {
    return this.#identity?.createdAtMs ?? 0;
  }

  /** Bytes kept in memory for readers. */
  get cachedBytes(): number {
    return this.#recent.bytes + this.#cold.bytes + this.#tables.bytes;
  }

  get storedBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  append(request: AppendRequest): void {
    this.writer.append(request);
  }

  partition(id: number): PartitionState {
    const state = this.#partitions[id];
    if (!state) throw new RangeError(`no partition ${id}`);
    return state;
  }

  /** First sequence number still stored; the next one to come when nothing is. */
  firstSeq(partition: number): number {
    // Without tables: whatever stood at the start of the oldest segment came before it.
    return this.#segments[0]?.start[partition]?.nextSeq ?? this.partition(partition).nextSeq;
  }

  /** The block that holds `seq`, or the first one after it. */
  lookup(partition: number, seq: number): Lookup {
    let from = seq;
    for (;;) {
      const place = this.#locator.bySeq(partition, from);
      if (!place) return { kind: "end" };
      const { entry, segment } = place;
      if (this.#damagedBlocks.has(entry.address)) {
        from = entry.baseSeq + entry.count;
        continue;
      }
      const recent = this.#recent.find(entry.address, entry.bytes);
      if (recent) return blockOf(recent, entry);
      const cold = this.#cold.find(segment, entry.address, entry.bytes);
      if (!cold) return { kind: "loading", ready: this.#load(segment, entry) };
      if (this.#isSound(cold, entry)) return blockOf(cold, entry);
    }
  }

  /** Sequence number of the first event whose offset is at least `offset` (or above it). */
  async seqOfOffset(partition: number, offset: number, inclusive: boolean): Promise<number> {
    const place = this.#locator.byOffset(partition, offset);
    if (!place) return this.firstSeq(partition);
    const found = await this.#read(partition, place.entry.baseSeq);
    if (!found) return this.partition(partition).nextSeq;
    // The offset lies in a damaged block: all that comes behind it is still to be read.
    if (found.baseSeq !== place.entry.baseSeq) return found.baseSeq;
    return seqOfOffset(found.bytes, place.entry, offset, inclusive);
  }

  /** Sequence number of the first event enqueued after `timeMs` (or at it). */
  seqOfTime(partition: number, timeMs: number, inclusive: boolean): number {
    const place = this.#locator.afterTime(partition, inclusive ? timeMs - 1 : timeMs);
    return place?.entry.baseSeq ?? this.partition(partition).nextSeq;
  }

  async #read(partition: number, seq: number): Promise<StoredBlock | undefined> {
    for (;;) {
      const found = this.lookup(partition, seq);
      if (found.kind === "block") return found.block;
      if (found.kind === "end") return undefined;
      await found.ready;
    }
  }

  async #load(segment: Segment, entry: BlockEntry): Promise<void> {
    await this.#cold.load(segment, entry.address, entry.bytes);
  }

  /** Blocks from disk are checked again each time: the disk may have rotted since recovery. */
  #isSound(bytes: Buffer, entry: BlockEntry): boolean {
    const head = readBlockHead(bytes, 0);
    if (head?.baseSeq === entry.baseSeq && payloadIsSound(bytes, 0, head)) return true;
    this.#damagedBlocks.add(entry.address);
    const { baseSeq, count, address } = entry;
    this.#options.log.error({ baseSeq, count, address }, "Stored events are damaged and skipped.");
    return false;
  }

  #commit(segment: Segment, address: number, group: EncodedGroup): void {
    for (const { at, head, publication } of group.blocks) {
      if (publication) this.producers.commit(head.partition, publication);
      tableOf(segment, head.partition).push(address + at, head);
      segment.newestMs = Math.max(segment.newestMs, head.timeMs);
    }
    segment.bytes += group.bytes.length;
    this.#recent.push(address, group.bytes);
    for (const [id, state] of group.states) this.#partitions[id] = state;
    for (const id of group.states.keys()) this.onCommitted(id);
  }

  #lastSegment(): Segment {
    const last = this.#segments.at(-1);
    if (!last) throw new Error("the log has no segment");
    return last;
  }

  async #rollSegment(): Promise<Segment> {
    const last = this.#segments.at(-1);
    if (last?.bytes === 0) {
      await this.#writeState(last);
      return last;
    }
    const { folder, clock } = this.#options;
    const base = last ? last.base + last.bytes : 0;
    const segment = openSegment(folder, base, "create", this.#partitions, clock.now());
    try {
      await this.#writeState(segment);
    } catch (error) {
      retireSegment(segment);
      throw error;
    }
    this.#segments.push(segment);
    if (last) void this.#tables.finish(last, segment.start);
    return segment;
  }

  async #writeState(segment: Segment): Promise<void> {
    const { folder, disk, clock } = this.#options;
    const state = encodeStateBlock(this.#knowledge, segment.base, clock.now());
    await disk.write(segment.fd, state, 0);
    await disk.sync(segment.fd);
    syncFolder(folder);
    segment.createdMs = clock.now();
    segment.bytes = state.length;
  }
}

function blockOf(bytes: Buffer, entry: BlockEntry): Lookup {
  return { kind: "block", block: { bytes, baseSeq: entry.baseSeq, count: entry.count } };
}
