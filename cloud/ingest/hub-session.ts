/**
 * One subscription to all partitions of one life of one hub, until something makes it necessary to
 * begin anew: a partition that stands still, a hub made anew, an owner's id used up.
 *
 * No error leaves `processEvents`, save one on purpose: the SDK ends a partition's pump only by an
 * error that is not retryable. `processClose` then gives the partition up, and the next turn of the
 * balancer claims it again, from the committed position.
 */
import {
  CloseReason,
  type EventHubConsumerClient,
  earliestEventPosition,
  type PartitionContext,
  type ReceivedEventData,
  type Subscription,
} from "@azure/event-hubs";
import type { Clock, Timer } from "#core/clock.ts";
import { isAbort, messageOf } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { HubScope, PartitionBatch, Store } from "../store/contract.ts";
import type { IngestCounters } from "./counters.ts";
import type { CommitOutcome, GroupCommitter } from "./group-committer.ts";
import { type HubSource, makeConsumer } from "./hub-consumer.ts";
import type { HubHeads } from "./hub-lag.ts";
import type { JumpMemory } from "./jump-memory.ts";
import { OWNERSHIP_EXPIRES_MS, OwnedPartitions } from "./owned-partitions.ts";
import { type FeedFault, type FeedState, PartitionFeed } from "./partition-feed.ts";
import { PREFETCH_EVENTS_MAX, PrefetchBound } from "./prefetch-bound.ts";

export interface SessionOptions {
  source: HubSource;
  /** Unlike any other session's, also of other processes. */
  owner: string;
  store: Store;
  committer: GroupCommitter;
  counters: IngestCounters;
  jumps: JumpMemory;
  clock: Clock;
  log: RateLimitedLog;
  onOutcome: (outcome: CommitOutcome, batch: PartitionBatch) => void;
  onProvenJump: (partition: string, from: number, to: number) => void;
}

const BATCH_EVENTS_MAX = 100;
/**
 * The SDK calls the handler at least this often: the sign of life that the watchdog looks for. A
 * receiver whose connection was lost sits out this time, too, before it connects again.
 */
const HEARTBEAT_S = 1;
const WATCH_EVERY_MS = 5000;
const STALL_MS = 30_000;
const CLOSE_MS_MAX = 500;

/** Ends a pump. The SDK looks for `retryable` on what is thrown. */
class PartitionGivenUp extends Error {
  readonly retryable = false;
}

export class HubSession {
  readonly #options: SessionOptions;
  readonly #client: EventHubConsumerClient;
  readonly #owned: OwnedPartitions;
  readonly #prefetch = new PrefetchBound();
  readonly #feeds = new Map<string, PartitionFeed>();
  readonly #lastSignMs = new Map<string, number>();
  /** Partitions whose pump ends because we said so. */
  readonly #givenUp = new Set<string>();
  readonly #ended = Promise.withResolvers<string>();
  #scope: HubScope | undefined;
  #partitionIds: readonly string[] = [];
  #subscription: Subscription | undefined;
  #watch: Timer | undefined;
  #lastAnswerMs = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { source, store, clock, owner } = options;
    this.#owned = new OwnedPartitions(store, () => this.#opened(), clock, owner);
    this.#client = makeConsumer(source, this.#owned, owner, () => this.#prefetch.events);
  }

  /** Resolves with the reason when the session must be replaced. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** Rejects when the hub cannot be reached. */
  async start(signal: AbortSignal): Promise<void> {
    const properties = await this.#client.getEventHubProperties({ abortSignal: signal });
    const { source, clock } = this.#options;
    this.#scope = {
      namespace: this.#client.fullyQualifiedNamespace,
      hub: source.hub,
      consumerGroup: source.consumerGroup,
      incarnation: properties.createdOn.getTime(),
    };
    this.#partitionIds = properties.partitionIds;
    this.#prefetch.readOf(this.#partitionIds.length);
    this.#lastAnswerMs = clock.monotonic();
    for (const id of this.#partitionIds) this.#lastSignMs.set(id, clock.monotonic());
    this.#subscription = this.#client.subscribe(
      {
        processInitialize: async (context) => this.#initialize(context),
        processEvents: async (events, context) => this.#process(events, context),
        processError: async (error, context) => this.#noteError(error, context),
        processClose: async (reason, context) => this.#closed(reason, context.partitionId),
      },
      {
        startPosition: earliestEventPosition,
        maxBatchSize: BATCH_EVENTS_MAX,
        prefetchCount: PREFETCH_EVENTS_MAX,
        maxWaitTimeInSeconds: HEARTBEAT_S,
        skipParsingBodyAsJson: true,
      },
    );
    this.#watch = clock.every("partition watchdog", WATCH_EVERY_MS, () => void this.#look());
  }

  /**
   * Ends the pumps; what they submitted is the committer's to finish. A client whose connection is
   * dead may take long to close: it is left to itself after `CLOSE_MS_MAX`. Nothing that it still
   * delivers is accepted, for its partitions are given up first.
   */
  async stop(): Promise<void> {
    this.#watch?.cancel();
    this.#ended.resolve("stopped");
    await this.#releaseAll();
    const closing = this.#close();
    const late = this.#options.clock.sleep(CLOSE_MS_MAX, { name: "closing the subscription" });
    await Promise.race([closing, late]);
  }

  /** Committed positions of the partitions that this session reads. */
  partitions(): FeedState[] {
    return [...this.#feeds.values()]
      .map((feed) => feed.state())
      .toSorted((a, b) => Number(a.id) - Number(b.id) || (a.id < b.id ? -1 : 1));
  }

  /** What the hub has, of all partitions, whoever reads them. Rejects when it does not answer. */
  async heads(): Promise<HubHeads> {
    const partitions = await Promise.all(
      this.#partitionIds.map(async (partition) => {
        const found = await this.#client.getPartitionProperties(partition);
        const { beginningSequenceNumber: first, lastEnqueuedSequenceNumber: last } = found;
        return { partition, first, last };
      }),
    );
    return { scope: this.#opened(), partitions };
  }

  /** With the store away they stay ours, until others hold us to be dead, or we claim them anew. */
  async #releaseAll(): Promise<void> {
    if (!this.#scope) return;
    try {
      await this.#owned.releaseAll();
    } catch (error) {
      this.#options.log.warn("release", { reason: messageOf(error) }, "partitions not given up");
    }
  }

  async #close(): Promise<void> {
    try {
      await this.#subscription?.close();
      await this.#client.close();
    } catch (error) {
      this.#options.log.warn("close", { err: error }, "closing the subscription failed");
    }
  }

  async #initialize({ partitionId: partition }: PartitionContext): Promise<void> {
    const { store, owner, counters, committer, onOutcome } = this.#options;
    const scope = this.#opened();
    const positions = await store.positions(scope);
    const feed = new PartitionFeed(
      {
        scope,
        partition,
        owner,
        counters,
        submit: async (batch) => committer.submit(batch),
        isProvenJump: (from, to) => this.#isProvenJump(partition, from, to),
        onOutcome,
      },
      positions.find((position) => position.partition === partition),
    );
    this.#feeds.set(partition, feed);
    this.#signOfLife(partition);
  }

  async #process(
    events: readonly ReceivedEventData[],
    { partitionId: partition }: PartitionContext,
  ): Promise<void> {
    this.#signOfLife(partition);
    this.#prefetch.saw(events);
    const feed = this.#feeds.get(partition);
    // Without a feed the SDK has swallowed an error of `processInitialize`: begin anew.
    const fault = feed ? await feed.take(events) : ({ kind: "fenced" } as const);
    this.#signOfLife(partition);
    if (fault === undefined) return;
    this.#feeds.delete(partition);
    this.#givenUp.add(partition);
    this.#options.log.warn(fault.kind, { partition, ...fault }, describe(fault));
    throw new PartitionGivenUp(describe(fault));
  }

  /**
   * A pump that ends by itself has lost the hub. The SDK's balancer may then hang for long in a
   * request over the dead connection, so a new client begins anew.
   */
  async #closed(reason: CloseReason, partition: string): Promise<void> {
    this.#feeds.delete(partition);
    if (this.#givenUp.delete(partition)) return this.#owned.release(partition);
    if (reason !== CloseReason.OwnershipLost)
      this.#ended.resolve(`partition ${partition} lost the hub`);
  }

  #isProvenJump(partition: string, from: number, to: number): boolean {
    const proven = this.#options.jumps.see(partition, from, to);
    if (proven) this.#options.onProvenJump(partition, from, to);
    return proven;
  }

  #noteError(error: unknown, { partitionId }: PartitionContext): void {
    if (error instanceof PartitionGivenUp || isAbort(error)) return;
    this.#options.counters.errors += 1;
    const fields = { partition: partitionId, reason: messageOf(error) };
    this.#options.log.warn("hub", fields, "the hub reported an error; the SDK tries again");
  }

  #signOfLife(partition: string): void {
    this.#lastSignMs.set(partition, this.#options.clock.monotonic());
  }

  /** Watches for partitions that stand still, and for a hub that was made anew under our feet. */
  async #look(): Promise<void> {
    try {
      const { incarnation } = this.#opened();
      const { createdOn } = await this.#client.getEventHubProperties();
      this.#lastAnswerMs = this.#options.clock.monotonic();
      if (createdOn.getTime() !== incarnation) return this.#ended.resolve("the hub was made anew");
      const stalled = await this.#stalled();
      if (stalled.length === 0) return;
      this.#options.counters.stalls += stalled.length;
      this.#ended.resolve(`partitions stand still: ${stalled.join(", ")}`);
    } catch (error) {
      if (isAbort(error)) return;
      this.#options.log.warn("watch", { reason: messageOf(error) }, "the hub did not answer");
      // The SDK tries by itself, but has been seen to stay dead: then a new client must do it.
      const silentMs = this.#options.clock.monotonic() - this.#lastAnswerMs;
      if (silentMs > STALL_MS) this.#ended.resolve("the hub has not answered for long");
    }
  }

  async #stalled(): Promise<string[]> {
    const { store, owner, clock } = this.#options;
    const deadline = clock.monotonic() - STALL_MS;
    const silent = this.#partitionIds.filter(
      (id) => (this.#lastSignMs.get(id) ?? 0) < deadline && this.#feeds.get(id)?.isWaiting !== true,
    );
    if (silent.length === 0) return [];
    const ownerships = await store.ownerships(this.#opened());
    const expiredAtMs = clock.now() - OWNERSHIP_EXPIRES_MS;
    const elsewhere = new Set(
      ownerships
        .filter((entry) => entry.owner !== owner && entry.owner !== "")
        .filter((entry) => entry.modifiedAtMs > expiredAtMs)
        .map((entry) => entry.partition),
    );
    return silent.filter((id) => !elsewhere.has(id));
  }

  #opened(): HubScope {
    if (!this.#scope) throw new TypeError("the session is not started");
    return this.#scope;
  }
}

function describe(fault: FeedFault): string {
  switch (fault.kind) {
    case "jump":
      return `events ${fault.from} to ${fault.to - 1} are missing: reading again from the committed position`;
    case "behind":
      return "what is committed ends before what was read: reading again from there";
    case "fenced":
      return "the partition belongs to another owner";
  }
}
