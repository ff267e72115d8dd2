/**
 * The gateway's buffer: what was accepted is on disk until the hub has confirmed it, through crashes
 * of the agent and outages of the cloud, within the limits that the configuration sets.
 *
 * Invariants:
 * - `append` resolves only after the segment is synced, with its lanes' next seqs, the counters and
 *   the fingerprints in the same batch;
 * - seqs count up without gaps within (epoch, lane); they are never used twice for other bytes;
 * - a segment leaves the disk only when all its chunks are confirmed, or when a limit drops it; then
 *   a gap record goes to the sink, in the batch that deletes it.
 */
import { type AcceptOutcome, ReadingBatch } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf, PenstockError } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { BufferAlarms, conditionsOf, newestIn } from "./buffer-alarms.ts";
import {
  type BufferIdentity,
  type BufferState,
  isOfAnother,
  newState,
  openGaps,
  withNewEpoch,
} from "./buffer-state.ts";
import { CommitLoop, type SealedWrite } from "./commit-loop.ts";
import type {
  BufferDesk,
  BufferReader,
  BufferStat,
  BufferWriter,
  DropOutcome,
  ReadingRow,
  SegmentInput,
  SegmentRow,
  StoredChunk,
  TrafficClass,
} from "./contract.ts";
import { DamageWatch } from "./damage-watch.ts";
import { BufferDatabase } from "./database.ts";
import { Dropping } from "./dropping.ts";
import { FillRate } from "./fill-rate.ts";
import { ForgottenSegments } from "./forgotten-segments.ts";
import { ForwardQueue, type LoadedSegmentInfo } from "./forward-queue.ts";
import { readingRows, type StoredSegment, segmentRows } from "./inspection.ts";
import { MessageMemory } from "./message-memory.ts";
import { type BufferLimits, RetentionGuard } from "./retention.ts";
import { SegmentBuilder } from "./segment-builder.ts";
import { decodeSegment, encodeSegment } from "./segment-codec.ts";
import { SegmentLoader } from "./segment-loader.ts";

export interface StoreAndForwardOptions extends BufferIdentity {
  folder: string;
  lingerMs: number;
  dedupeWindowMs: number;
  limits: BufferLimits;
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface BufferStatus {
  state: "ok" | "full" | "failing";
  epoch: string;
  segments: number;
  bytes: number;
  commits: number;
  syncP99Ms: number;
  duplicates: number;
  droppedReadings: number;
  damagedSegments: number;
  readingsBySource: Readonly<Record<string, number>>;
}

/** What waits for the uplink in memory. A backlog is read from the disk as it is sent. */
const LIVE_BYTES_MAX = 8 * 1024 * 1024;
const BACKLOG_BYTES_MAX = 8 * 1024 * 1024;
/** What the hub has not taken for so long is no longer live. */
const LIVE_MS = 10_000;
/** Beyond this the open segment takes no more: the disk does not keep up. */
const OPEN_BYTES_MAX = 8 * 1024 * 1024;
/** Forgotten segments are deleted with the next commit, or after this time. */
const FORGET_INTERVAL_MS = 250;
const HOUSEKEEPING_INTERVAL_MS = 5000;
const DROP_WAIT_MS = 10;
/** An operator's drop ends when nothing could be dropped for so many waits: the rest is in flight. */
const DROP_IDLE_MAX = 100;

export class StoreAndForward implements BufferWriter, BufferReader, BufferDesk {
  readonly #options: StoreAndForwardOptions;
  readonly #database: BufferDatabase;
  readonly #messages: MessageMemory;
  readonly #retention: RetentionGuard;
  readonly #commits: CommitLoop;
  #state: BufferState;
  #queue: ForwardQueue;
  #loader: SegmentLoader;
  #builder: SegmentBuilder;
  #safe = newOutcome();
  /** Segments below this number are on disk; one that is being written is not to be looked for. */
  #writtenEnd = 0;
  readonly #forgotten: ForgottenSegments;
  readonly #dropping: Dropping;
  readonly #damage = new DamageWatch();
  readonly #alarms = new BufferAlarms();
  #onAlarm: ((transition: AlarmTransition) => void) | undefined;
  #damagedAtMs: number | undefined;
  /** Segments below it are of another machine, or of another name. */
  #copiedTo = 0;
  #isOpen = false;
  #timers: Timer[] = [];
  #listener: (lane: number, traffic: TrafficClass) => void = () => {};
  #duplicates = 0;
  #writtenBytes = 0;
  readonly #rate = new FillRate();

  constructor(options: StoreAndForwardOptions) {
    const { folder, lingerMs, dedupeWindowMs, clock, random, log } = options;
    this.#options = options;
    this.#database = new BufferDatabase(folder, log);
    this.#forgotten = new ForgottenSegments(this.#database, log);
    this.#messages = new MessageMemory({
      database: this.#database,
      windowMs: dedupeWindowMs,
      clock,
    });
    this.#retention = new RetentionGuard(options.limits, folder, clock, log);
    this.#dropping = new Dropping({
      maxBytes: options.limits.maxBytes,
      retention: this.#retention,
      clock,
      queue: () => this.#queue,
      epoch: () => this.epoch,
      tell: (write) => this.#tell(write),
      forget: (segments) => this.#forget(segments),
    });
    this.#commits = new CommitLoop({
      database: this.#database,
      lingerMs,
      clock,
      random,
      log,
      openBytes: () => this.#builder.bytes,
      seal: () => this.#seal(),
      changed: () => this.#lookForAlarms(),
    });
    this.#state = newState(options);
    this.#queue = this.#newQueue(options.lanes);
    this.#loader = this.#newLoader(0);
    this.#builder = new SegmentBuilder(options.lanes);
  }

  get gateway(): string {
    return this.#options.gateway;
  }

  get lanes(): number {
    return this.#state.lanes;
  }

  get epoch(): string {
    return this.#state.epoch;
  }

  /**
   * Opens the database and begins to load what waits for the uplink.
   * @throws PenstockError BUFFER_LOCKED, BUFFER_FAILED
   */
  async start(): Promise<void> {
    const { clock, log, lanes } = this.#options;
    await this.#open();
    if (this.#state.lanes !== lanes) {
      log.warn({ lanes: this.#state.lanes, configured: lanes }, "lanes are fixed in a buffer");
    }
    this.#builder = new SegmentBuilder(this.lanes);
    this.#queue = this.#newQueue(this.lanes);
    this.#loader = this.#newLoader(this.#state.firstSegment);
    this.#forgotten.compactFrom(this.#state.firstSegment);
    this.#writtenEnd = this.#state.nextSegment;
    await this.#messages.load(this.#state.nextSegment);
    await this.#retention.measure();
    this.#damagedAtMs = await newestIn(this.#database.damagedFolder);
    this.#isOpen = true;
    this.#timers = [
      clock.every("buffer forgets", FORGET_INTERVAL_MS, () => this.#flushForgotten()),
      clock.every("buffer housekeeping", HOUSEKEEPING_INTERVAL_MS, () => this.#keepHouse()),
    ];
    for (const { lane, gap } of this.#state.untold ?? []) this.#dropping.tellGap(lane, gap);
    delete this.#state.untold;
    this.#loader.load(this.#writtenEnd);
  }

  async #open(): Promise<void> {
    const { log, gateway } = this.#options;
    const { state, epochInDoubt } = await this.#database.open();
    this.#state = state ?? newState(this.#options);
    const isCopied = isOfAnother(this.#state, this.#options);
    if (!epochInDoubt && !isCopied) return;
    if (isCopied) this.#copiedTo = this.#state.nextSegment;
    const from = { gateway: this.#state.gateway, epoch: this.epoch };
    // A repair has told already, and let the seqs begin anew.
    if (!isCopied && this.#state.nextSeq.some((seq) => seq > 0)) {
      this.#state.untold = [...(this.#state.untold ?? []), ...openGaps(this.#state)];
    }
    this.#state = withNewEpoch(this.#state, this.#options);
    log.warn({ from, gateway, epoch: this.epoch, isCopied }, "the buffer begins a new epoch");
    await this.#database.write({ state: this.#state, forget: [], sync: true });
    await this.#database.epochIsSettled();
  }

  /** Commits what is open, and closes. Nothing that was acknowledged waits for it. */
  async stop(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const timer of this.#timers) timer.cancel();
    await this.#loader.stop();
    await this.#commits.stop();
    await this.#database.close();
  }

  /** Hears of the buffer's own alarms, those that stand already first. One listener. */
  onAlarm(listener: (transition: AlarmTransition) => void): void {
    this.#onAlarm = listener;
    this.#lookForAlarms();
  }

  repeated(fingerprint: Uint8Array): Promise<AcceptOutcome> | undefined {
    const outcome = this.#messages.find(fingerprint);
    if (outcome) this.#duplicates += 1;
    return outcome;
  }

  async append(input: SegmentInput): Promise<AcceptOutcome> {
    if (!this.#isOpen) throw new PenstockError("BUFFER_CLOSED", "the buffer is closed");
    if (this.#commits.failure) throw this.#commits.failure;
    if (this.#builder.bytes > OPEN_BYTES_MAX) {
      throw new PenstockError("BUFFER_FULL", "the disk does not keep up");
    }
    const kept = this.#isFullFor(input) ? this.#whenFull(input) : input;
    const { batch, transitions, descriptions } = kept;
    const outcome = kept === input ? "stored" : "dropped";
    if (batch.length + transitions.length + descriptions.length === 0) return outcome;
    const first = this.#builder.isEmpty;
    this.#builder.add(kept);
    const { promise } = this.#safe;
    if (batch.fingerprint) this.#messages.storing(batch.fingerprint, promise);
    this.#commits.added(first);
    await promise;
    return outcome;
  }

  /** Alarms alone are small, and the last to go: they do not ask for room. */
  #isFullFor({ batch }: SegmentInput): boolean {
    return batch.length > 0 && this.#retention.isFull(this.#state.storedBytes);
  }

  /** What of the input is to be stored all the same, once room was made, or readings were dropped. */
  #whenFull(input: SegmentInput): SegmentInput {
    const { batch } = input;
    const { storedBytes } = this.#state;
    switch (this.#options.limits.whenFull) {
      case "refuse":
        throw new PenstockError("BUFFER_FULL", "the buffer is full");
      case "drop-newest":
        this.#dropping.dropNews(batch.series[0]?.lane ?? 0, batch.length);
        return { ...input, batch: new ReadingBatch(batch.source) };
      case "drop-oldest":
        if (this.#dropping.makeRoom(storedBytes) || !this.#retention.isOverfull(storedBytes)) {
          return input;
        }
        throw new PenstockError("BUFFER_FULL", "the buffer is full, and all of it is in flight");
    }
  }

  onReady(listener: (lane: number, traffic: TrafficClass) => void): void {
    this.#listener = listener;
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
    if (lane !== undefined) this.#listener(lane, "backlog");
  }

  confirm(chunks: readonly StoredChunk[]): void {
    this.#forget(this.#queue.settle(chunks));
  }

  async dismiss(chunk: StoredChunk, reason: string): Promise<void> {
    try {
      await this.#database.keepRejected(chunk, reason);
    } catch (error) {
      this.#options.log.error({ err: error }, "a chunk that the hub refuses could not be kept");
    }
    this.#dropping.dismiss(chunk, reason);
    this.confirm([chunk]);
  }

  /** How long the write that is under way has taken; 0 where none is. */
  get writingForMs(): number {
    return this.#commits.writingForMs;
  }

  status(): BufferStatus {
    const { segments, bytes } = {
      segments: this.#state.storedSegments,
      bytes: this.#state.storedBytes,
    };
    const isFull = this.#retention.isFull(bytes);
    return {
      state: this.#commits.failure ? "failing" : isFull ? "full" : "ok",
      epoch: this.epoch,
      segments,
      bytes,
      commits: this.#commits.syncs.summary().count,
      syncP99Ms: this.#commits.syncs.percentile(0.99),
      duplicates: this.#duplicates,
      droppedReadings: this.#dropping.readings,
      damagedSegments: this.#loader.damaged,
      readingsBySource: this.#state.readingsBySource,
    };
  }

  stat(): BufferStat {
    const { state, epoch, segments, bytes, droppedReadings, damagedSegments } = this.status();
    const roomBytes = this.#retention.roomBytes(bytes);
    const { bytesPerSecond } = this.#rate;
    const hoursLeft = this.#rate.hoursFor(roomBytes);
    return {
      state,
      epoch,
      segments,
      bytes,
      bytesMax: this.#options.limits.maxBytes,
      roomBytes,
      ...(bytesPerSecond !== undefined && { bytesPerSecond }),
      ...(hoursLeft !== undefined && { hoursLeft }),
      firstSegment: this.#state.firstSegment,
      nextSegment: this.#state.nextSegment,
      droppedReadings,
      damagedSegments,
    };
  }

  segments(limit: number): AsyncIterable<SegmentRow> {
    return segmentRows(this.#stored(), limit);
  }

  readings(): AsyncIterable<ReadingRow> {
    return readingRows(this.#stored());
  }

  async drop(): Promise<DropOutcome> {
    const { nextSegment } = this.#state;
    const before = this.#dropping.readings;
    let droppedSegments = 0;
    // Dropping makes room in memory, into which the next segments come from the disk.
    for (let idle = 0; idle < DROP_IDLE_MAX; idle++) {
      const dropped = this.#dropping.dropBelow(nextSegment);
      droppedSegments += dropped;
      if (dropped > 0) idle = 0;
      else if (!this.#loader.hasUnread) break;
      await this.#options.clock.sleep(DROP_WAIT_MS, { name: "buffer drop" });
    }
    const leftSegments = Math.max(0, this.#state.storedSegments - this.#forgotten.count);
    return {
      droppedSegments,
      droppedReadings: this.#dropping.readings - before,
      leftSegments,
    };
  }

  async *#stored(): AsyncGenerator<StoredSegment> {
    for await (const { number, bytes } of this.#database.segments(this.#state.firstSegment)) {
      const segment = decodeSegment(number, bytes);
      if (segment) yield { ...segment, number, bytes: bytes.length };
    }
  }

  #seal(): SealedWrite | undefined {
    const builder = this.#builder;
    if (builder.isEmpty && this.#forgotten.isEmpty) return undefined;
    const forgotten = this.#forgotten.take();
    this.#builder = new SegmentBuilder(this.lanes);
    const safe = this.#safe;
    this.#safe = newOutcome();
    const state = this.#state;
    for (const segment of forgotten) {
      state.storedBytes -= segment.bytes;
      state.storedSegments -= 1;
    }
    state.firstSegment = this.#oldestSegment();
    const request = { state, forget: forgotten.map((segment) => segment.number), sync: false };
    if (builder.isEmpty) return { request, written: () => {}, abandoned: () => {} };

    const number = state.nextSegment;
    const committedAtMs = this.#options.clock.now();
    const sealed = builder.seal(this.gateway, state.epoch, state.nextSeq);
    const bytes = encodeSegment(committedAtMs, state.epoch, sealed);
    state.nextSegment += 1;
    state.storedBytes += bytes.length;
    state.storedSegments += 1;
    for (const [source, readings] of builder.readingsBySource) {
      state.readingsBySource[source] = (state.readingsBySource[source] ?? 0) + readings;
    }
    const seen = this.#messages.record(builder.fingerprints);
    const { epoch } = state;
    const chunks = sealed.map(
      ({ lane, seq, readings, line }): StoredChunk => ({
        segment: number,
        epoch,
        lane,
        seq,
        readings,
        line,
      }),
    );
    return {
      request: { ...request, put: { number, bytes, seen }, sync: true },
      written: () => {
        this.#writtenEnd = number + 1;
        this.#writtenBytes += bytes.length;
        this.#messages.stored(builder.fingerprints);
        safe.resolve("stored");
        this.#offer({ number, committedAtMs, bytes: bytes.length, chunks });
      },
      abandoned: (error) => {
        this.#messages.abandoned(builder.fingerprints);
        safe.reject(error);
      },
    };
  }

  /** Hands a fresh segment to the uplink from memory. */
  #offer(segment: LoadedSegmentInfo): void {
    this.#queue.offer(segment, this.#options.clock.monotonic());
    if (!this.#loader.hasUnread) this.#explainDamage(segment);
    this.#putOffLate();
    this.#tellReady(segment, "live");
  }

  #putOffLate(): void {
    const from = this.#liveFrom();
    if (!this.#loader.hasUnread) this.#loader.skipTo(from);
    if (this.#queue.putOffLate(this.#options.clock.monotonic()))
      this.#loader.load(this.#liveFrom());
  }

  #loaded(segment: LoadedSegmentInfo): void {
    this.#explainDamage(segment);
    if (segment.chunks.length === 0) this.#forgotten.add([segment]);
    else if (this.#queue.load(segment)) this.#tellReady(segment, "backlog");
  }

  #explainDamage({ chunks }: LoadedSegmentInfo): void {
    for (const chunk of chunks) {
      const gap = this.#damage.see(chunk);
      if (gap) this.#dropping.tellGap(chunk.lane, gap);
    }
  }

  #tellReady(segment: LoadedSegmentInfo, traffic: TrafficClass): void {
    for (const lane of new Set(segment.chunks.map((chunk) => chunk.lane))) {
      this.#listener(lane, traffic);
    }
  }

  #loadMore(): void {
    if (this.#loader.hasUnread) this.#loader.load(0);
    else this.#queue.caughtUp();
  }

  /** From here on, all segments that are not done with are in memory. */
  #liveFrom(): number {
    return this.#queue.oldestLive ?? this.#writtenEnd;
  }

  #oldestSegment(): number {
    const { oldestBacklog } = this.#queue;
    if (oldestBacklog !== undefined) return oldestBacklog;
    return this.#loader.hasUnread ? this.#loader.next : this.#liveFrom();
  }

  #newQueue(lanes: number): ForwardQueue {
    return new ForwardQueue({
      lanes,
      hasUnread: () => this.#loader.hasUnread,
      liveBytesMax: LIVE_BYTES_MAX,
      liveMs: LIVE_MS,
      backlogBytesMax: BACKLOG_BYTES_MAX,
    });
  }

  #newLoader(from: number): SegmentLoader {
    return new SegmentLoader({
      database: this.#database,
      from,
      log: this.#options.log,
      hasRoom: () => this.#queue.hasRoom,
      wantsMore: () => this.#queue.wantsMore,
      loaded: (segment) => this.#loaded(segment),
      lost: () => this.#damage.damaged(this.lanes),
    });
  }

  #flushForgotten(): void {
    if (!this.#forgotten.isEmpty && this.#builder.isEmpty) this.#commits.commitNow();
    this.#forgotten.compactWhenDue(this.#state.firstSegment);
  }

  #keepHouse(): void {
    const { log, clock } = this.#options;
    this.#rate.sample(clock.monotonic(), this.#writtenBytes);
    this.#lookAtDisk().catch((error: unknown) => {
      log.warn({ err: error }, "the state of the disk is not known");
    });
    this.#messages.expire(this.#state.nextSegment).catch((error: unknown) => {
      log.warn({ err: error }, "old fingerprints could not be deleted");
    });
    this.#dropping.dropAged();
    this.#loadMore();
  }

  async #lookAtDisk(): Promise<void> {
    // What was dropped for the disk's sake is not free before it is compacted.
    if (this.#retention.awaitsSpace) await this.#forgotten.compactNow(this.#state.firstSegment);
    await this.#retention.measure();
    this.#damagedAtMs = await newestIn(this.#database.damagedFolder);
    this.#lookForAlarms();
  }

  #lookForAlarms(): void {
    if (!this.#onAlarm) return;
    const { clock, limits } = this.#options;
    const { storedBytes, firstSegment } = this.#state;
    const conditions = conditionsOf({
      bytes: storedBytes,
      bytesMax: limits.maxBytes,
      isFull: this.#retention.isFull(storedBytes),
      whenFull: limits.whenFull,
      droppedReadings: this.#dropping.readings,
      sinceDropMs: clock.monotonic() - this.#dropping.lastAtMs,
      failure: this.#commits.failure && messageOf(this.#commits.failure.cause),
      damagedAtMs: this.#damagedAtMs,
      isCopied: firstSegment < this.#copiedTo,
    });
    for (const transition of this.#alarms.look(conditions, clock.now())) this.#onAlarm(transition);
  }

  /** The segments need not be kept any longer; what waits on the disk may come up. */
  #forget(segments: readonly LoadedSegmentInfo[]): void {
    this.#forgotten.add(segments);
    this.#loadMore();
  }

  /** Adds to the open segment what no source has sent. */
  #tell(write: (open: SegmentBuilder) => void): void {
    const first = this.#builder.isEmpty;
    write(this.#builder);
    this.#commits.added(first);
  }
}

/** The fate of the open segment, for all whose input is in it; nobody may be there to hear of it. */
function newOutcome(): PromiseWithResolvers<AcceptOutcome> {
  const outcome = Promise.withResolvers<AcceptOutcome>();
  outcome.promise.catch(() => {});
  return outcome;
}
