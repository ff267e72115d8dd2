/**
 * One transaction that takes deliveries of any number of partitions. It works on drafts of the
 * lanes; memory changes only after the commit (`committed`), so a failed transaction leaves no trace.
 */
import type { Chunk, ChunkId } from "#core/chunk.ts";
import type { ReceivedChunk } from "#core/chunk-codec.ts";
import type { ErrorCode } from "#core/errors.ts";
import { advance } from "../../rollup/watermark.ts";
import type {
  AcceptOutcome,
  AlarmRow,
  Delivery,
  PartitionBatch,
  StoreTotals,
} from "../contract.ts";
import { countReadings } from "../count-readings.ts";
import { type LaneState, laneName } from "../lane-state.ts";
import { copyDiffers, twoEpochs } from "../own-alarms.ts";
import type { LaneTable } from "./lane-table.ts";
import type { SqliteTables } from "./tables.ts";
import { noTotals } from "./totals-table.ts";

/** A lane with more holes than this is no lane that lost something, but an attack or a bug. */
const RANGES_MAX = 10_000;
/** A gap record may not close more than this beyond what the lane has accepted. */
const CLOSED_AHEAD_MAX = 1e9;

/** What one event added, to be taken into the open windows after the commit. */
export interface AcceptedEvent {
  journalId: number;
  lane: LaneState;
  chunks: readonly ReceivedChunk[];
  bytes: number;
}

interface BatchTally {
  accepted: ReceivedChunk[];
  duplicateChunks: number;
  deadLettered: number;
  alarms: AlarmRow[];
}

export class AcceptTransaction {
  readonly events: AcceptedEvent[] = [];
  readonly totals: StoreTotals = noTotals();
  readonly #tables: SqliteTables;
  readonly #lanes: LaneTable;
  readonly #drafts = new Map<string, LaneState>();
  /** Digests of this transaction: a copy may come in the very same group. */
  readonly #digests = new Map<string, Map<number, number>>();

  constructor(tables: SqliteTables) {
    this.#tables = tables;
    this.#lanes = tables.lanes;
  }

  /** Within the transaction. @throws LaneConflict: roll back, `forgetDrafts`, and try again */
  run(batches: readonly PartitionBatch[]): AcceptOutcome[] {
    const outcomes = batches.map((batch) => this.#takeBatch(batch));
    for (const draft of this.#drafts.values()) this.#lanes.save(draft);
    this.#tables.totals.add(this.totals);
    return outcomes;
  }

  /** After the commit. */
  committed(): void {
    for (const [name, draft] of this.#drafts) {
      draft.version += 1;
      for (const [seq, digest] of this.#digests.get(name) ?? []) draft.digests.set(seq, digest);
      this.#lanes.put(draft);
    }
  }

  /** After a conflict: the lanes in memory are out of date. */
  forgetDrafts(): void {
    for (const draft of this.#drafts.values()) this.#lanes.forget(draft);
  }

  #takeBatch(batch: PartitionBatch): AcceptOutcome {
    const hubId = this.#tables.hubs.idOf(batch.scope);
    const owner = this.#tables.hubs.ownerOf(hubId, batch.partition);
    if (owner !== batch.owner) return { kind: "fenced", owner };
    const tally: BatchTally = { accepted: [], duplicateChunks: 0, deadLettered: 0, alarms: [] };
    for (const delivery of batch.deliveries) this.#takeDelivery(hubId, batch, delivery, tally);
    const last = batch.deliveries.at(-1);
    if (last) this.#tables.hubs.move(hubId, batch.partition, last.position);
    return { kind: "committed", ...tally };
  }

  #takeDelivery(hubId: number, batch: PartitionBatch, delivery: Delivery, tally: BatchTally): void {
    const { content } = delivery;
    const bury = (code: ErrorCode, reason: string): void => {
      const { notices } = this.#tables;
      if (!notices.addDeadLetter(hubId, batch.partition, delivery, code, reason)) return;
      tally.deadLettered += 1;
      this.totals.deadLettered += 1;
    };
    if (content.kind === "poison") return bury(content.code, content.reason);
    const [first] = content.chunks;
    if (first === undefined) return;
    const lane = this.#draft(first.id);
    const kept: number[] = [];
    for (const [at, chunk] of content.chunks.entries()) {
      if (lane.accepted.has(chunk.id.seq)) {
        this.#countCopy(lane, chunk, delivery, tally, bury);
      } else if (this.#accept(lane, chunk, delivery, tally, bury)) {
        kept.push(at);
      }
    }
    this.#keep(lane, delivery, content.chunks, kept);
  }

  #keep(
    lane: LaneState,
    delivery: Delivery,
    chunks: readonly ReceivedChunk[],
    kept: readonly number[],
  ): void {
    lane.seenAtMs = Math.max(lane.seenAtMs, Math.trunc(delivery.enqueuedAtMs));
    if (kept.length === 0) return;
    const all = kept.length === chunks.length;
    const journalId = this.#tables.journal.add(lane.id, delivery.body, all ? undefined : kept);
    this.events.push({
      journalId,
      lane,
      chunks: all ? chunks : pick(chunks, kept),
      bytes: delivery.body.byteLength,
    });
  }

  #accept(
    lane: LaneState,
    chunk: ReceivedChunk,
    delivery: Delivery,
    tally: BatchTally,
    bury: (code: ErrorCode, reason: string) => void,
  ): boolean {
    if (lane.accepted.count >= RANGES_MAX && !lane.accepted.touches(chunk.id.seq)) {
      bury("CHUNK_MALFORMED", `seq ${chunk.id.seq}: the lane has ${RANGES_MAX} holes already`);
      return false;
    }
    lane.accepted.add(chunk.id.seq);
    this.#digestsOf(lane).set(chunk.id.seq, chunk.digest);
    this.#watchEpochs(lane, delivery, tally);
    this.#takeContent(lane, chunk, delivery, tally);
    const { all, bad } = countReadings(chunk.content);
    this.totals.chunks += 1;
    this.totals.readings += all - bad;
    this.totals.bad += bad;
    tally.accepted.push(chunk);
    return true;
  }

  #countCopy(
    lane: LaneState,
    chunk: ReceivedChunk,
    delivery: Delivery,
    tally: BatchTally,
    bury: (code: ErrorCode, reason: string) => void,
  ): void {
    tally.duplicateChunks += 1;
    this.totals.duplicateChunks += 1;
    this.totals.duplicateReadings += countReadings(chunk.content).all;
    const digest = this.#digestsOf(lane).get(chunk.id.seq) ?? lane.digests.get(chunk.id.seq);
    if (digest === undefined || digest === chunk.digest) return;
    bury("CHUNK_DIFFERS", `seq ${chunk.id.seq} was accepted with other content`);
    this.#raise(copyDiffers(chunk.id, delivery.enqueuedAtMs), tally);
  }

  #takeContent(lane: LaneState, chunk: Chunk, delivery: Delivery, tally: BatchTally): void {
    const { content, id } = chunk;
    switch (content.kind) {
      case "readings":
        for (const block of content.blocks) {
          const newest = block.ts.at(-1) ?? 0;
          lane.watermark = advance(lane.watermark, newest, delivery.enqueuedAtMs);
        }
        return;
      case "meta":
        for (const series of content.series) this.#tables.notices.describe(id.gateway, series);
        return;
      case "alarm":
        for (const transition of content.transitions) {
          const receivedAtMs = delivery.enqueuedAtMs;
          this.#raise({ gateway: id.gateway, receivedAtMs, ...transition }, tally);
        }
        return;
      case "gap":
        for (const gap of content.gaps) {
          // What an older buffer of this gateway lost is told by the one that replaced it.
          const missing = gap.epoch === undefined ? lane : this.#draft({ ...id, epoch: gap.epoch });
          this.#tables.notices.addGap(missing.id, gap);
          closeGap(missing, gap);
        }
        return;
    }
  }

  #raise(alarm: AlarmRow, tally: BatchTally): void {
    if (!this.#tables.notices.addAlarm(alarm)) return;
    tally.alarms.push(alarm);
    this.totals.alarms += 1;
  }

  /** A lane's partition keeps its order, so an older epoch that sends after a newer one is alive. */
  #watchEpochs(lane: LaneState, delivery: Delivery, tally: BatchTally): void {
    const newest = this.#tables.epochs.newest(lane);
    if (newest === undefined || newest.id <= lane.id) return;
    this.#raise(twoEpochs(lane, newest.epoch, delivery.enqueuedAtMs), tally);
  }

  #draft(id: ChunkId): LaneState {
    const name = laneName(id);
    const known = this.#drafts.get(name);
    if (known) return known;
    const lane = this.#lanes.get(id) ?? this.#lanes.create(id);
    const draft = { ...lane, accepted: lane.accepted.copy(), closed: lane.closed.copy() };
    this.#drafts.set(name, draft);
    return draft;
  }

  #digestsOf(lane: LaneState): Map<number, number> {
    const name = laneName(lane);
    let digests = this.#digests.get(name);
    if (!digests) {
      digests = new Map();
      this.#digests.set(name, digests);
    }
    return digests;
  }
}

export function pick<T>(items: readonly T[], positions: readonly number[]): T[] {
  return positions.flatMap((at) => items[at] ?? []);
}

function closeGap(
  lane: LaneState,
  gap: { fromSeq?: number | undefined; toSeq?: number | undefined },
): void {
  const { fromSeq, toSeq } = gap;
  if (fromSeq === undefined || toSeq === undefined || toSeq < fromSeq) return;
  if (toSeq - fromSeq > CLOSED_AHEAD_MAX || lane.closed.count >= RANGES_MAX) return;
  lane.closed.add(fromSeq, toSeq);
}
