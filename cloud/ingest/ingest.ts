/**
 * Keeps a session with the hub, whatever happens to it, and hands what comes to the store. The
 * committer outlives the sessions: what was received is committed, or read again.
 */
import { backOff } from "#core/back-off.ts";
import type { ReceivedChunk } from "#core/chunk-codec.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { isAbort, messageOf } from "#core/errors.ts";
import { DurationHistogram } from "#core/histogram.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { AlarmRow, PartitionBatch, SeqGap, Store } from "../store/contract.ts";
import { AlarmRaiser } from "./alarm-raiser.ts";
import { lostChunks, sequenceJump } from "./alarms.ts";
import { type IngestCounters, noCounts } from "./counters.ts";
import { GapWatch } from "./gap-watch.ts";
import { type CommitOutcome, GroupCommitter } from "./group-committer.ts";
import type { HubSource } from "./hub-consumer.ts";
import type { HubHeads } from "./hub-lag.ts";
import { HubSession } from "./hub-session.ts";
import { JumpMemory } from "./jump-memory.ts";
import { recordLatency } from "./latency.ts";
import type { FeedState } from "./partition-feed.ts";

export interface IngestOptions {
  source: HubSource;
  store: Store;
  clock: Clock;
  random: Random;
  log: Logger;
  /** A new name at each call, unlike any given before, also in other processes. */
  makeOwner: () => string;
  /** Alarms that were raised or cleared just now. */
  onAlarms: (alarms: readonly AlarmRow[]) => void;
  onFatal: (error: unknown) => void;
}

const RECONNECT = { firstMs: 200, maxMs: 2000 };
const GAPS_EVERY_MS = 5000;

export class Ingest {
  readonly counters: IngestCounters = noCounts();
  /** From a reading's time to its being visible; of live data alone, for a backlog is late anyway. */
  readonly latency = new DurationHistogram();
  /** From the hub's taking an event to its being committed: the sink's own share, and the SDK's. */
  readonly lag = new DurationHistogram();
  readonly #options: IngestOptions;
  readonly #log: RateLimitedLog;
  readonly #committer: GroupCommitter;
  readonly #jumps = new JumpMemory();
  readonly #gaps = new GapWatch();
  readonly #raiser: AlarmRaiser;
  readonly #abort = new AbortController();
  #session: HubSession | undefined;
  #running: Promise<void> | undefined;
  #gapTimer: Timer | undefined;

  constructor(options: IngestOptions) {
    this.#options = options;
    const { store, clock, random, onAlarms, onFatal } = options;
    this.#log = new RateLimitedLog(options.log, clock);
    this.#committer = new GroupCommitter({ store, clock, random, log: this.#log, onFatal });
    this.#raiser = new AlarmRaiser({ store, clock, random, log: this.#log, onAlarms });
  }

  /** Returns at once: the hub may be away for days, and the API answers all the same. */
  start(): void {
    this.#running = this.#run().catch(this.#options.onFatal);
    this.#gapTimer = this.#options.clock.every("gaps", GAPS_EVERY_MS, () => {
      void this.#lookForGaps();
    });
  }

  /** Waits for the running transaction. */
  async stop(): Promise<void> {
    this.#gapTimer?.cancel();
    this.#abort.abort();
    await this.#session?.stop();
    await this.#running;
    await this.#committer.stop();
    await this.#raiser.stop();
  }

  get connected(): boolean {
    return this.#session !== undefined;
  }

  /** Why nothing can be stored at present. */
  get failure(): string | undefined {
    return this.#committer.failure?.message;
  }

  get retries(): number {
    return this.#committer.retries;
  }

  partitions(): FeedState[] {
    return this.#session?.partitions() ?? [];
  }

  /** What the hub has; undefined while it is away. Rejects when it does not answer. */
  async heads(): Promise<HubHeads | undefined> {
    return this.#session?.heads();
  }

  /** Chunks that never came, as it seems by now. */
  lost(): SeqGap[] {
    return this.#gaps.lost();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    let delays = backOff(RECONNECT, this.#options.random);
    while (!signal.aborted) {
      const session = this.#makeSession();
      try {
        await session.start(signal);
        this.#session = session;
        this.#options.log.info({ hub: this.#options.source.hub }, "reading from the hub");
        delays = backOff(RECONNECT, this.#options.random);
        const reason = await session.ended;
        if (!signal.aborted) this.#log.warn("session", { reason }, "subscribing anew");
      } catch (error) {
        if (!isAbort(error)) {
          this.#log.warn("connect", { reason: messageOf(error) }, "the hub cannot be reached");
        }
      }
      this.#session = undefined;
      await session.stop();
      if (signal.aborted) return;
      this.counters.rebuilds += 1;
      await this.#sleep(delays.next().value);
    }
  }

  #makeSession(): HubSession {
    const { source, store, clock, makeOwner } = this.#options;
    return new HubSession({
      source,
      owner: makeOwner(),
      store,
      committer: this.#committer,
      counters: this.counters,
      jumps: this.#jumps,
      clock,
      log: this.#log,
      onOutcome: (outcome, batch) => this.#noteOutcome(outcome, batch),
      onProvenJump: (partition, from, to) =>
        this.#raiser.raise(sequenceJump(partition, from, to, clock.now())),
    });
  }

  #noteOutcome(outcome: CommitOutcome, batch: PartitionBatch): void {
    if (outcome.kind !== "committed") return;
    const nowMs = this.#options.clock.now();
    recordLatency(this.latency, liveOnly(outcome.accepted, batch), nowMs);
    for (const delivery of batch.deliveries) {
      this.lag.record(nowMs - delivery.enqueuedAtMs);
      this.#gaps.hear(delivery, this.#options.clock.monotonic());
    }
    if (outcome.alarms.length > 0) this.#options.onAlarms(outcome.alarms);
    if (outcome.deadLettered > 0) {
      this.#log.warn("poison", { events: outcome.deadLettered }, "events went to the dead letters");
    }
  }

  async #lookForGaps(): Promise<void> {
    const { store, clock } = this.#options;
    try {
      const gaps = await store.gaps();
      for (const gap of this.#gaps.look(gaps, clock.monotonic())) {
        this.#raiser.raise(lostChunks(gap, clock.now()));
      }
    } catch (error) {
      this.#log.warn("gaps", { reason: messageOf(error) }, "the store cannot tell its gaps");
    }
  }

  async #sleep(delayMs: number): Promise<void> {
    try {
      const { signal } = this.#abort;
      await this.#options.clock.sleep(delayMs, { name: "before subscribing anew", signal });
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }
}

function liveOnly(
  accepted: readonly ReceivedChunk[],
  { deliveries }: PartitionBatch,
): readonly ReceivedChunk[] {
  const late = new Set<ReceivedChunk>();
  for (const { isBacklog, content } of deliveries) {
    if (!isBacklog || content.kind !== "chunks") continue;
    for (const chunk of content.chunks) late.add(chunk);
  }
  return late.size === 0 ? accepted : accepted.filter((chunk) => !late.has(chunk));
}
