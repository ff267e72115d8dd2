/**
 * What a transaction that takes deliveries is to write: decided here, without a database, so that
 * every store decides alike. A plan works on drafts of the lanes. Nothing else changes until the
 * transaction is committed (`committed`), so one that fails leaves no trace.
 */
import type { Chunk, ChunkId, GapRecord, SeriesDescription } from "#core/chunk.ts";
import type { ReceivedChunk } from "#core/chunk-codec.ts";
import type { ErrorCode } from "#core/errors.ts";
import { advance } from "../rollup/watermark.ts";
import type {
  AcceptOutcome,
  AlarmRow,
  Delivery,
  DeviceRow,
  PartitionBatch,
  Position,
  StoreTotals,
} from "./contract.ts";
import { countReadings } from "./count-readings.ts";
import { type LaneKey, type LaneState, laneName } from "./lane-state.ts";
import { copyDiffers, twoEpochs } from "./own-alarms.ts";
import { noTotals } from "./totals.ts";

/** A lane with more holes than this is no lane that lost something, but an attack or a bug. */
const RANGES_MAX = 10_000;
/** A gap record may not close more than this beyond what the lane has accepted. */
const CLOSED_AHEAD_MAX = 1e9;

/** Where a plan finds the lanes, as the transaction sees them. */
export interface LaneSource {
  lane(key: LaneKey): LaneState;
  /** The epoch that began on this gateway's lane after the given one, where there is one. */
  newerEpoch(lane: LaneState): string | undefined;
}

/** What one event added: it goes into the journal, and after the commit into the open windows. */
export interface PlannedEvent {
  lane: LaneState;
  chunks: readonly ReceivedChunk[];
  body: Uint8Array;
  /** Positions of the chunks that count; undefined for all. */
  only: readonly number[] | undefined;
}

/** Whether it is new is known only to the database: who writes it sets `isNew`. */
export interface PlannedDeadLetter {
  batch: PartitionBatch;
  delivery: Delivery;
  code: ErrorCode;
  reason: string;
  isNew: boolean;
}

export interface PlannedAlarm {
  batch: PartitionBatch;
  alarm: AlarmRow;
  isNew: boolean;
}

export interface PlannedPosition {
  batch: PartitionBatch;
  position: Position;
}

interface Tally {
  accepted: ReceivedChunk[];
  duplicateChunks: number;
}

export class AcceptPlan {
  readonly events: PlannedEvent[] = [];
  readonly deadLetters: PlannedDeadLetter[] = [];
  readonly alarms: PlannedAlarm[] = [];
  readonly devices: DeviceRow[] = [];
  readonly gaps: { lane: LaneState; gap: GapRecord }[] = [];
  readonly positions: PlannedPosition[] = [];
  readonly #lanes: LaneSource;
  readonly #totals = noTotals();
  readonly #refused = new Map<PartitionBatch, AcceptOutcome>();
  readonly #tallies = new Map<PartitionBatch, Tally>();
  readonly #drafts = new Map<string, LaneState>();
  /** Digests of this transaction: a copy may come in the very same group. */
  readonly #digests = new Map<string, Map<number, number>>();

  constructor(lanes: LaneSource) {
    this.#lanes = lanes;
  }

  /** The lanes that change, as they are to be. */
  get drafts(): Iterable<LaneState> {
    return this.#drafts.values();
  }

  /** Nothing is written for this batch. */
  refuse(batch: PartitionBatch, outcome: AcceptOutcome): void {
    this.#refused.set(batch, outcome);
  }

  take(batch: PartitionBatch): void {
    this.takeParked(batch);
    const last = batch.deliveries.at(-1);
    if (last) this.positions.push({ batch, position: last.position });
  }

  /** Without moving the partition's position: what was put aside lies behind it. */
  takeParked(batch: PartitionBatch): void {
    const tally = { accepted: [], duplicateChunks: 0 };
    this.#tallies.set(batch, tally);
    for (const delivery of batch.deliveries) this.#takeDelivery(batch, delivery, tally);
  }

  /** Once all dead letters and alarms know whether they are new. */
  totals(): StoreTotals {
    const deadLettered = this.deadLetters.filter(({ isNew }) => isNew).length;
    const alarms = this.alarms.filter(({ isNew }) => isNew).length;
    return { ...this.#totals, deadLettered, alarms };
  }

  /** Once all dead letters and alarms know whether they are new; in the order of the batches. */
  outcomes(batches: readonly PartitionBatch[]): AcceptOutcome[] {
    return batches.map((batch) => this.#refused.get(batch) ?? this.#outcome(batch));
  }

  /** After the commit: the drafts are what the lanes are now. */
  committed(): Iterable<LaneState> {
    for (const [name, draft] of this.#drafts) {
      draft.version += 1;
      for (const [seq, digest] of this.#digests.get(name) ?? []) draft.digests.set(seq, digest);
    }
    return this.#drafts.values();
  }

  #outcome(batch: PartitionBatch): AcceptOutcome {
    const tally = this.#tallies.get(batch) ?? { accepted: [], duplicateChunks: 0 };
    const deadLetters = this.deadLetters.filter((letter) => letter.isNew && letter.batch === batch);
    const alarms = this.alarms.filter((planned) => planned.isNew && planned.batch === batch);
    return {
      kind: "committed",
      ...tally,
      deadLettered: deadLetters.length,
      alarms: alarms.map(({ alarm }) => alarm),
    };
  }

  #takeDelivery(batch: PartitionBatch, delivery: Delivery, tally: Tally): void {
    const { content } = delivery;
    const bury = (code: ErrorCode, reason: string): void => {
      this.deadLetters.push({ batch, delivery, code, reason, isNew: false });
    };
    if (content.kind === "poison") return bury(content.code, content.reason);
    const [first] = content.chunks;
    if (first === undefined) return;
    const lane = this.#draft(first.id);
    // A lane of which only backlog comes must not hold its gateway's watermark.
    if (!delivery.isBacklog) {
      lane.seenAtMs = Math.max(lane.seenAtMs, Math.trunc(delivery.enqueuedAtMs));
    }
    const kept: number[] = [];
    for (const [at, chunk] of content.chunks.entries()) {
      if (lane.accepted.has(chunk.id.seq)) {
        this.#countCopy(lane, chunk, { batch, delivery, tally, bury });
      } else if (this.#accept(lane, chunk, { batch, delivery, tally, bury })) {
        kept.push(at);
      }
    }
    if (kept.length === 0) return;
    const all = kept.length === content.chunks.length;
    this.events.push({
      lane,
      chunks: all ? content.chunks : pick(content.chunks, kept),
      body: delivery.body,
      only: all ? undefined : kept,
    });
  }

  #accept(lane: LaneState, chunk: ReceivedChunk, origin: Origin): boolean {
    if (lane.accepted.count >= RANGES_MAX && !lane.accepted.touches(chunk.id.seq)) {
      const reason = `seq ${chunk.id.seq}: the lane has ${RANGES_MAX} holes already`;
      origin.bury("CHUNK_MALFORMED", reason);
      return false;
    }
    lane.accepted.add(chunk.id.seq);
    this.#digestsOf(lane).set(chunk.id.seq, chunk.digest);
    // A lane's partition keeps its order, so an older epoch that sends after a newer one is alive;
    // but for the backlog of a buffer that has begun a new epoch, which its own news overtake.
    const newer = origin.delivery.isBacklog ? undefined : this.#lanes.newerEpoch(lane);
    if (newer !== undefined) {
      this.#raise(twoEpochs(lane, newer, origin.delivery.enqueuedAtMs), origin);
    }
    this.#takeContent(lane, chunk, origin);
    const { all, bad } = countReadings(chunk.content);
    this.#totals.chunks += 1;
    this.#totals.readings += all - bad;
    this.#totals.bad += bad;
    origin.tally.accepted.push(chunk);
    return true;
  }

  #countCopy(lane: LaneState, chunk: ReceivedChunk, origin: Origin): void {
    origin.tally.duplicateChunks += 1;
    this.#totals.duplicateChunks += 1;
    this.#totals.duplicateReadings += countReadings(chunk.content).all;
    const digest = this.#digestsOf(lane).get(chunk.id.seq) ?? lane.digests.get(chunk.id.seq);
    if (digest === undefined || digest === chunk.digest) return;
    origin.bury("CHUNK_DIFFERS", `seq ${chunk.id.seq} was accepted with other content`);
    this.#raise(copyDiffers(chunk.id, origin.delivery.enqueuedAtMs), origin);
  }

  #takeContent(lane: LaneState, { content, id }: Chunk, origin: Origin): void {
    const { enqueuedAtMs, isBacklog } = origin.delivery;
    switch (content.kind) {
      case "readings":
        if (isBacklog) return;
        for (const block of content.blocks) {
          const newest = block.ts.at(-1) ?? 0;
          lane.watermark = advance(lane.watermark, newest, enqueuedAtMs);
        }
        return;
      case "meta":
        for (const series of content.series) this.devices.push(deviceRow(id.gateway, series));
        return;
      case "alarm":
        for (const transition of content.transitions) {
          const alarm = { gateway: id.gateway, receivedAtMs: enqueuedAtMs, ...transition };
          this.#raise(alarm, origin);
        }
        return;
      case "gap":
        for (const gap of content.gaps) {
          // What an older buffer of this gateway lost is told by the one that replaced it.
          const missing = gap.epoch === undefined ? lane : this.#draft({ ...id, epoch: gap.epoch });
          this.gaps.push({ lane: missing, gap });
          closeGap(missing, gap);
        }
        return;
    }
  }

  #raise(alarm: AlarmRow, { batch }: Origin): void {
    this.alarms.push({ batch, alarm, isNew: false });
  }

  #draft({ gateway, epoch, lane: number }: ChunkId): LaneState {
    const key: LaneKey = { gateway, epoch, lane: number };
    const name = laneName(key);
    const known = this.#drafts.get(name);
    if (known) return known;
    const lane = this.#lanes.lane(key);
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

/** Where a chunk came from, and who counts it. */
interface Origin {
  batch: PartitionBatch;
  delivery: Delivery;
  tally: Tally;
  bury: (code: ErrorCode, reason: string) => void;
}

export function pick<T>(items: readonly T[], positions: readonly number[]): T[] {
  return positions.flatMap((at) => items[at] ?? []);
}

function deviceRow(gateway: string, series: SeriesDescription): DeviceRow {
  return { gateway, ...series };
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
