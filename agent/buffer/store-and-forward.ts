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
import type { AcceptOutcome } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import type { Logger } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import { Admission } from "./admission.ts";
import { AlarmWatch } from "./alarm-watch.ts";
import { type BufferIdentity, type BufferState, newState } from "./buffer-state.ts";
import { CommitLoop, type SealedWrite } from "./commit-loop.ts";
import type {
  BufferDesk,
  BufferReader,
  BufferStatus,
  BufferWriter,
  SegmentInput,
  StoredChunk,
  TrafficClass,
} from "./contract.ts";
import { BufferDatabase } from "./database.ts";
import { Dropping } from "./dropping.ts";
import { FillRate } from "./fill-rate.ts";
import { ForgottenSegments } from "./forgotten-segments.ts";
import { Housekeeping } from "./housekeeping.ts";
import { LocalDesk } from "./local-desk.ts";
import { MessageMemory } from "./message-memory.ts";
import { OpenSegment } from "./open-segment.ts";
import { openWithIdentity } from "./opening.ts";
import { type BufferLimits, RetentionGuard } from "./retention.ts";
import { UplinkFeed } from "./uplink-feed.ts";

export interface StoreAndForwardOptions extends BufferIdentity {
  folder: string;
  lingerMs: number;
  dedupeWindowMs: number;
  limits: BufferLimits;
  clock: Clock;
  random: Random;
  log: Logger;
}

/** Beyond this the open segment takes no more: the disk does not keep up. */
const OPEN_BYTES_MAX = 8 * 1024 * 1024;

export class StoreAndForward implements BufferWriter, BufferReader {
  readonly #options: StoreAndForwardOptions;
  readonly #database: BufferDatabase;
  readonly #messages: MessageMemory;
  readonly #retention: RetentionGuard;
  readonly #commits: CommitLoop;
  readonly #forgotten: ForgottenSegments;
  readonly #dropping: Dropping;
  readonly #admission: Admission;
  readonly #alarms: AlarmWatch;
  readonly #housekeeping: Housekeeping;
  readonly #rate = new FillRate();
  /** For whoever looks at the buffer, or empties it, by hand. */
  readonly desk: BufferDesk;
  #state: BufferState;
  #open: OpenSegment;
  #feed: UplinkFeed;
  #isOpen = false;
  #duplicates = 0;
  #listener: (lane: number, traffic: TrafficClass) => void = () => {};

  constructor(options: StoreAndForwardOptions) {
    const { folder, lingerMs, dedupeWindowMs: windowMs, limits, clock, random, log } = options;
    const state = (): BufferState => this.#state;
    const feed = (): UplinkFeed => this.#feed;
    const database = new BufferDatabase(folder, log);
    const forgotten = new ForgottenSegments(database, log);
    const messages = new MessageMemory({ database, windowMs, clock });
    const retention = new RetentionGuard(limits, folder, clock, log);
    const dropping = new Dropping({
      maxBytes: limits.maxBytes,
      retention,
      clock,
      feed,
      epoch: () => this.epoch,
      tell: (write) => this.#open.tell(write),
    });
    const commits = new CommitLoop({
      database,
      lingerMs,
      clock,
      random,
      log,
      openBytes: () => this.#open.bytes,
      seal: () => this.#seal(),
      changed: () => this.#alarms.look(),
    });
    const { damagedFolder } = database;
    const watched = { clock, limits, retention, dropping, commits, damagedFolder, state };
    this.#alarms = new AlarmWatch(watched);
    this.#housekeeping = new Housekeeping({
      commits,
      forgotten,
      retention,
      messages,
      dropping,
      rate: this.#rate,
      alarms: this.#alarms,
      clock,
      log,
      state,
      feed,
    });
    this.desk = new LocalDesk({
      database,
      maxBytes: limits.maxBytes,
      retention,
      rate: this.#rate,
      dropping,
      forgotten,
      clock,
      state,
      status: () => this.status(),
      feed,
    });
    this.#options = options;
    this.#database = database;
    this.#forgotten = forgotten;
    this.#messages = messages;
    this.#retention = retention;
    this.#dropping = dropping;
    this.#commits = commits;
    this.#admission = new Admission(limits, retention, dropping);
    this.#state = newState(options);
    this.#open = this.#newOpenSegment();
    this.#feed = this.#newFeed();
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
    const { log, lanes } = this.#options;
    const { state, copiedTo } = await openWithIdentity(this.#database, this.#options, log);
    if (state.lanes !== lanes) {
      log.warn({ lanes: state.lanes, configured: lanes }, "lanes are fixed in a buffer");
    }
    this.#state = state;
    this.#open = this.#newOpenSegment();
    this.#feed = this.#newFeed();
    this.#forgotten.compactFrom(state.firstSegment);
    await this.#messages.load(state.nextSegment);
    this.#retention.resume(state.latestMs);
    await this.#retention.measure();
    await this.#alarms.start(copiedTo);
    this.#isOpen = true;
    this.#housekeeping.start();
    for (const { lane, gap } of state.untold ?? []) this.#dropping.tellGap(lane, gap);
    delete state.untold;
    this.#feed.start();
  }

  /** Commits what is open, and closes. Nothing that was acknowledged waits for it. */
  async stop(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#housekeeping.stop();
    await this.#feed.stop();
    await this.#commits.stop();
    await this.#database.close();
  }

  /** Hears of the buffer's own alarms, those that stand already first. One listener. */
  onAlarm(listener: (transition: AlarmTransition) => void): void {
    this.#alarms.onAlarm(listener);
  }

  repeated(fingerprint: Uint8Array): Promise<AcceptOutcome> | undefined {
    const outcome = this.#messages.find(fingerprint);
    if (outcome) this.#duplicates += 1;
    return outcome;
  }

  async append(input: SegmentInput): Promise<AcceptOutcome> {
    if (!this.#isOpen) throw new PenstockError("BUFFER_CLOSED", "the buffer is closed");
    if (this.#commits.failure) throw this.#commits.failure;
    if (this.#open.bytes > OPEN_BYTES_MAX) {
      throw new PenstockError("BUFFER_FULL", "the disk does not keep up");
    }
    // What the next commit deletes is no reason to drop more: many wait for one commit.
    const keptBytes = this.#state.storedBytes - this.#forgotten.bytes;
    const kept = this.#admission.admit(input, keptBytes);
    const { batch, transitions, descriptions } = kept;
    const isEmpty = batch.length + transitions.length + descriptions.length === 0;
    if (!isEmpty) await this.#open.add(kept);
    return kept === input ? "stored" : "dropped";
  }

  onReady(listener: (lane: number, traffic: TrafficClass) => void): void {
    this.#listener = listener;
  }

  take(lane: number, traffic: TrafficClass, bytesMax: number): readonly StoredChunk[] {
    return this.#feed.take(lane, traffic, bytesMax);
  }

  owedFrom(lane: number, epoch: string): number | undefined {
    return this.#feed.owedFrom(lane, epoch);
  }

  giveBack(chunks: readonly StoredChunk[]): void {
    this.#feed.giveBack(chunks);
  }

  confirm(chunks: readonly StoredChunk[]): void {
    this.#feed.confirm(chunks);
  }

  async dismiss(chunk: StoredChunk, reason: string): Promise<void> {
    await this.#database.keepRejected(chunk, reason).catch((error: unknown) => {
      this.#options.log.error({ err: error }, "a chunk that the hub refuses could not be kept");
    });
    this.#dropping.dismiss(chunk, reason);
    this.confirm([chunk]);
  }

  /** How long the write that is under way has taken; 0 where none is. */
  get writingForMs(): number {
    return this.#commits.writingForMs;
  }

  /** Whether space is being given back to the disk. */
  get isCompacting(): boolean {
    return this.#forgotten.isCompacting;
  }

  status(): BufferStatus {
    const { storedSegments, storedBytes, readingsBySource } = this.#state;
    const { failure, syncs } = this.#commits;
    const isFull = this.#retention.isFull(storedBytes);
    return {
      state: failure ? "failing" : isFull ? "full" : "ok",
      epoch: this.epoch,
      segments: storedSegments,
      bytes: storedBytes,
      commits: syncs.summary().count,
      syncP99Ms: syncs.percentile(0.99),
      duplicates: this.#duplicates,
      droppedReadings: this.#dropping.readings,
      damagedSegments: this.#feed.damagedSegments,
      readingsBySource,
    };
  }

  #seal(): SealedWrite | undefined {
    if (this.#open.isEmpty && this.#forgotten.isEmpty) return undefined;
    return this.#open.seal(this.#forgotten.take(), this.#feed.oldestSegment);
  }

  #newOpenSegment(): OpenSegment {
    const { gateway, clock } = this.#options;
    return new OpenSegment({
      gateway,
      state: this.#state,
      messages: this.#messages,
      clock,
      added: (first) => this.#commits.added(first),
      written: (segment) => {
        this.#rate.wrote(segment.bytes);
        this.#feed.offer(segment);
      },
    });
  }

  #newFeed(): UplinkFeed {
    const { clock, log } = this.#options;
    return new UplinkFeed({
      database: this.#database,
      state: this.#state,
      clock,
      log,
      ready: (lane, traffic) => this.#listener(lane, traffic),
      done: (segments) => this.#forgotten.add(segments),
      tellGap: (lane, gap) => this.#dropping.tellGap(lane, gap),
    });
  }
}
