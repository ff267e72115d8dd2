/**
 * One partition, from the SDK's handler to the committer.
 *
 * Invariants:
 * - Batches are submitted in order, and only contiguous ones: behind a jump nothing is submitted
 *   until it was read again from the committed position.
 * - At most `IN_FLIGHT_MAX` batches wait for their commit; then the handler waits, and with it the hub.
 * - A batch has at most `BATCH_BYTES_MAX`, or one event: unpacked, a backlog's events are ten times
 *   their size and more, and the event loop has other work, too.
 */
import type { ReceivedEventData } from "@azure/event-hubs";
import type { HubScope, PartitionBatch } from "../store/contract.ts";
import type { IngestCounters } from "./counters.ts";
import type { CommitOutcome } from "./group-committer.ts";
import { readEvent } from "./read-event.ts";

const IN_FLIGHT_MAX = 4;
const BATCH_BYTES_MAX = 256 * 1024;

/** Why a partition must be given up, and read again from its committed position. */
export type FeedFault =
  | { kind: "jump"; from: number; to: number }
  | { kind: "fenced" }
  | { kind: "behind" };

export interface FeedOptions {
  scope: HubScope;
  partition: string;
  owner: string;
  counters: IngestCounters;
  submit: (batch: PartitionBatch) => Promise<CommitOutcome>;
  /** True when the same jump was seen before: the hub has nothing between. */
  isProvenJump: (from: number, to: number) => boolean;
  onOutcome: (outcome: CommitOutcome, batch: PartitionBatch) => void;
}

export interface FeedState {
  id: string;
  /** Newest committed event; undefined before the first. */
  sequenceNumber: number | undefined;
  offset: string | undefined;
  enqueuedAtMs: number | undefined;
}

export class PartitionFeed {
  readonly #options: FeedOptions;
  #nextSequenceNumber: number | undefined;
  #inFlight: Promise<void>[] = [];
  #fault: FeedFault | undefined;
  #committed: Omit<FeedState, "id"> = {
    sequenceNumber: undefined,
    offset: undefined,
    enqueuedAtMs: undefined,
  };

  constructor(options: FeedOptions, committed?: { sequenceNumber: number; offset: string }) {
    this.#options = options;
    if (!committed) return;
    this.#nextSequenceNumber = committed.sequenceNumber + 1;
    this.#committed = { ...committed, enqueuedAtMs: undefined };
  }

  get isWaiting(): boolean {
    return this.#inFlight.length > 0;
  }

  state(): FeedState {
    return { id: this.#options.partition, ...this.#committed };
  }

  /** Returns a fault when the partition must be given up; else when there is room for more. */
  async take(events: readonly ReceivedEventData[]): Promise<FeedFault | undefined> {
    const [first] = events;
    const last = events.at(-1);
    if (this.#fault || !first || !last) return this.#fault;
    this.#lookForJump(first.sequenceNumber);
    if (this.#fault) return this.#fault;
    const expected = this.#nextSequenceNumber;
    const next = last.sequenceNumber + 1;
    this.#nextSequenceNumber = Math.max(expected ?? next, next);
    let after = expected === undefined ? undefined : expected - 1;
    for (const batch of cut(events)) {
      this.#submit(batch, after);
      after = batch.at(-1)?.sequenceNumber;
      while (this.#inFlight.length >= IN_FLIGHT_MAX) await this.#inFlight[0];
      if (this.#fault) break;
    }
    return this.#fault;
  }

  #lookForJump(sequenceNumber: number): void {
    const expected = this.#nextSequenceNumber;
    if (expected === undefined || sequenceNumber <= expected) return;
    if (this.#options.isProvenJump(expected, sequenceNumber)) {
      this.#options.counters.provenJumps += 1;
      return;
    }
    this.#options.counters.jumps += 1;
    this.#fault = { kind: "jump", from: expected, to: sequenceNumber };
  }

  #submit(events: readonly ReceivedEventData[], after: number | undefined): void {
    const { scope, partition, owner, counters } = this.#options;
    const deliveries = events.map(readEvent);
    counters.events += deliveries.length;
    for (const { body } of deliveries) counters.bytes += body.byteLength;
    const batch: PartitionBatch = { scope, partition, owner, after, deliveries };
    const done = this.#settle(batch).finally(() => {
      this.#inFlight = this.#inFlight.filter((entry) => entry !== done);
    });
    this.#inFlight.push(done);
  }

  async #settle(batch: PartitionBatch): Promise<void> {
    const outcome = await this.#options.submit(batch);
    if (outcome.kind === "fenced") {
      this.#options.counters.fenced += 1;
      this.#fault = { kind: "fenced" };
    }
    if (outcome.kind === "behind") {
      this.#options.counters.behind += 1;
      this.#fault = { kind: "behind" };
    }
    const last = batch.deliveries.at(-1);
    if (outcome.kind === "committed" && last) {
      this.#committed = { ...last.position, enqueuedAtMs: last.enqueuedAtMs };
    }
    this.#options.onOutcome(outcome, batch);
  }
}

/** Consecutive parts of at most BATCH_BYTES_MAX, or of one event. */
function* cut(events: readonly ReceivedEventData[]): Generator<readonly ReceivedEventData[]> {
  let from = 0;
  let bytes = 0;
  for (const [at, { body }] of events.entries()) {
    const eventBytes = body instanceof Uint8Array ? body.byteLength : 0;
    if (at > from && bytes + eventBytes > BATCH_BYTES_MAX) {
      yield events.slice(from, at);
      from = at;
      bytes = 0;
    }
    bytes += eventBytes;
  }
  yield events.slice(from);
}
