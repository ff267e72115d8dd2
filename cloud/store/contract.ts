/**
 * What a store promises to the ingest and to the API. One suite (test/contracts/store.ts) is run by
 * every implementation.
 *
 * - `accept` commits deliveries, accepted seqs, alarms, dead letters and the partition's position in
 *   one transaction, or nothing of them.
 * - A chunk counts once, whoever delivers it, however often. Its identity decides, not its position.
 * - Who does not own a partition writes nothing for it, and nobody leaves out what comes before.
 * - What is accepted shows in `rollups` from the moment that `accept` resolves.
 */

import type { SeriesDescription } from "#core/chunk.ts";
import type { ReceivedChunk } from "#core/chunk-codec.ts";
import type { ErrorCode } from "#core/errors.ts";
import { GATEWAY_DEVICE, STREAM_TAG } from "#core/own-names.ts";
import type { RollupRow } from "../rollup/row-json.ts";
import type { Width } from "../rollup/window.ts";
import type { AlarmRow } from "./alarm-row.ts";
import type { DeskStore } from "./desk-contract.ts";

export type { AlarmRow } from "./alarm-row.ts";

/** One life of one hub, as one consumer group reads it. Positions and owners belong to it. */
export interface HubScope {
  namespace: string;
  hub: string;
  consumerGroup: string;
  /** When the hub was made, in milliseconds since 1970: a hub made anew counts from zero again. */
  incarnation: number;
}

export interface Position {
  sequenceNumber: number;
  /** Opaque. */
  offset: string;
}

export interface PartitionPosition extends Position {
  partition: string;
}

/** What was found in an event's body. */
export type DeliveryContent =
  /** All of one (gateway, epoch, lane). */
  | { kind: "chunks"; chunks: readonly ReceivedChunk[] }
  /** It can never be read: it becomes a dead letter, and the partition goes on. */
  | { kind: "poison"; code: ErrorCode; reason: string };

/** One event, as received. */
export interface Delivery {
  position: Position;
  /** When the hub took it, in milliseconds since 1970. */
  enqueuedAtMs: number;
  body: Uint8Array;
  content: DeliveryContent;
  /** Sent late, and overtaken by newer data: it moves no watermark. */
  isBacklog?: boolean;
  /**
   * Of the sender: what is missing in the lane below this seq never comes; where it is not told, what
   * is missing below the event itself.
   */
  owedFrom?: number;
}

/** Consecutive events of one partition. */
export interface PartitionBatch {
  scope: HubScope;
  partition: string;
  /** Who holds the partition, as claimed through `claim`. Names are never used a second time. */
  owner: string;
  /**
   * Sequence number of the event before the first one, as the reader knows it: the batch counts only
   * when what is committed reaches up to it. Undefined where there is none.
   */
  after?: number | undefined;
  deliveries: readonly Delivery[];
}

export type AcceptOutcome =
  | {
      kind: "committed";
      /** The chunks that were new. */
      accepted: readonly ReceivedChunk[];
      duplicateChunks: number;
      deadLettered: number;
      /** Alarms that this batch raised or cleared for the first time. */
      alarms: readonly AlarmRow[];
    }
  /** The partition belongs to someone else: nothing was written, the batch must be dropped. */
  | { kind: "fenced"; owner: string }
  /**
   * What is committed ends before the batch (an earlier batch was refused, or the database was set
   * back): nothing was written, and the partition must be read again from there.
   */
  | { kind: "behind"; committed: number | undefined };

export interface Ownership {
  partition: string;
  /** Empty: given up. */
  owner: string;
  /** Changes with each claim; a claim must name the one it saw. */
  etag: string;
  /** By this process' clock. */
  modifiedAtMs: number;
}

export interface OwnershipClaim {
  partition: string;
  owner: string;
  /** The etag seen; undefined where no ownership was seen. */
  etag: string | undefined;
}

export interface RollupQuery {
  gateway?: string;
  device?: string;
  tag?: string;
  width: Width;
  /** First window's start, inclusive, in milliseconds since 1970. */
  fromMs: number;
  /** Exclusive. */
  toMs: number;
}

export interface DeviceRow extends SeriesDescription {
  gateway: string;
}

export interface DeadLetter {
  id: number;
  hub: string;
  partition: string;
  position: Position;
  enqueuedAtMs: number;
  /** An `ErrorCode`, perhaps of an older version of this program. */
  code: string;
  reason: string;
  bytes: number;
}

/** Which dead letters: all that is given must fit. */
export interface DeadLetterFilter {
  id?: number | undefined;
  code?: string | undefined;
}

/** A dead letter, whole. */
export interface ParkedEvent extends DeadLetter {
  scope: HubScope;
  body: Uint8Array;
}

/** A dead letter that was read once more. */
export interface RevivedEvent {
  parked: ParkedEvent;
  content: DeliveryContent;
}

export interface ReviveOutcome {
  id: number;
  /** Chunks that count now. */
  accepted: number;
  duplicateChunks: number;
  /** False when it still lies among the dead letters, for the same cause. */
  isGone: boolean;
}

/** Chunks of a lane that never came. */
export interface SeqGap {
  gateway: string;
  epoch: string;
  lane: number;
  fromSeq: number;
  toSeq: number;
}

export interface ExplainedGap {
  gateway: string;
  epoch: string;
  lane: number;
  readings: number;
  reason: string;
}

/** Totals since the database was made, counted in the transactions themselves. */
export interface StoreTotals {
  /** Readings of accepted chunks that are not bad. */
  readings: number;
  bad: number;
  /** Readings in chunks that had been accepted before. */
  duplicateReadings: number;
  chunks: number;
  duplicateChunks: number;
  deadLettered: number;
  alarms: number;
}

/** What is going on inside, for status and metrics. */
export interface StoreState {
  totals: StoreTotals;
  /** Events accepted by this process whose readings are not yet folded into rows. */
  journalEvents: number;
  /** Partial window states in memory. */
  openRows: number;
  lanes: number;
  commits: number;
  foldedRows: number;
  watermarks: readonly { gateway: string; watermarkMs: number }[];
}

export interface Store {
  /**
   * @param patience while it has not fired, a database that is away is waited for; left out, it fails
   * @throws PenstockError STORE_LOCKED, STORE_VERSION_UNKNOWN, STORE_FAILED; an `AbortError` when
   *   the patience ended
   */
  start(patience?: AbortSignal): Promise<void>;
  /** Waits for the running transaction. What is accepted stays accepted. */
  stop(): Promise<void>;

  /**
   * Commits the batches in one transaction; outcomes stand in the order of the batches.
   * @throws PenstockError STORE_FAILED: nothing was written, and it may be tried again
   */
  accept(batches: readonly PartitionBatch[]): Promise<readonly AcceptOutcome[]>;

  /** Writes all accepted readings into their rows. They are visible before, too. */
  fold(): Promise<void>;

  ownerships(scope: HubScope): Promise<readonly Ownership[]>;
  /** The claims that succeeded: those whose etag was still the partition's. */
  claim(scope: HubScope, claims: readonly OwnershipClaim[]): Promise<readonly Ownership[]>;
  positions(scope: HubScope): Promise<readonly PartitionPosition[]>;

  /** Rows by gateway, device, tag and start; what is accepted but not folded included. */
  rollups(query: RollupQuery): AsyncIterable<RollupRow>;
  devices(): Promise<readonly DeviceRow[]>;
  /** Newest first. */
  alarms(limit: number): Promise<readonly AlarmRow[]>;
  /** Newest first. */
  deadLetters(limit: number): Promise<readonly DeadLetter[]>;
  /** Oldest first, those after the given id. */
  parked(filter: DeadLetterFilter, afterId: number, limit: number): Promise<readonly ParkedEvent[]>;
  /**
   * Takes dead letters in, in one transaction: what counts now, or is known, leaves them.
   * @throws PenstockError STORE_FAILED: nothing was written, and it may be tried again
   */
  revive(events: readonly RevivedEvent[]): Promise<readonly ReviveOutcome[]>;
  /** Holes in the accepted seqs, at present, that no gap record explains. */
  gaps(): Promise<readonly SeqGap[]>;
  explainedGaps(limit: number): Promise<readonly ExplainedGap[]>;
  /** Raises an alarm of the sink's own; false when it is known already. */
  raise(alarm: AlarmRow): Promise<boolean>;
  state(): Promise<StoreState>;
  /** What the alarm desk keeps. Only of a store that is started. */
  readonly desk: DeskStore;
}

/** An alarm that the sink raises by itself; `id` names its cause, so that it is raised once. */
export function sinkAlarm(
  gateway: string,
  rule: string,
  id: string,
  nowMs: number,
  message: string,
): AlarmRow {
  return {
    gateway,
    id: `${rule} ${id}`,
    device: GATEWAY_DEVICE,
    tag: STREAM_TAG,
    rule,
    state: "active",
    priority: "high",
    ts: nowMs,
    value: 0,
    expected: 0,
    message,
    receivedAtMs: nowMs,
    isOwn: true,
  };
}
