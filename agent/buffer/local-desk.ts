/** What an operator sees of the buffer, and may do to it, in the process that has it open. */
import type { Clock } from "#core/clock.ts";
import type { BufferState } from "./buffer-state.ts";
import type {
  BufferDesk,
  BufferStat,
  BufferStatus,
  DropOutcome,
  ReadingRow,
  SegmentRow,
} from "./contract.ts";
import type { BufferDatabase } from "./database.ts";
import type { Dropping } from "./dropping.ts";
import type { FillRate } from "./fill-rate.ts";
import type { ForgottenSegments } from "./forgotten-segments.ts";
import { readingRows, type StoredSegment, segmentRows } from "./inspection.ts";
import type { RetentionGuard } from "./retention.ts";
import { decodeSegment } from "./segment-codec.ts";
import type { UplinkFeed } from "./uplink-feed.ts";

const DROP_WAIT_MS = 10;
/** A drop ends when nothing could be dropped for so many waits: the rest is in flight. */
const DROP_IDLE_MAX = 100;

export interface LocalDeskOptions {
  database: BufferDatabase;
  maxBytes: number;
  retention: RetentionGuard;
  rate: FillRate;
  dropping: Dropping;
  forgotten: ForgottenSegments;
  clock: Clock;
  state: () => BufferState;
  status: () => BufferStatus;
  feed: () => UplinkFeed;
}

export class LocalDesk implements BufferDesk {
  readonly #options: LocalDeskOptions;

  constructor(options: LocalDeskOptions) {
    this.#options = options;
  }

  stat(): BufferStat {
    const { maxBytes, retention, rate } = this.#options;
    const { firstSegment, nextSegment } = this.#options.state();
    const { state, epoch, segments, bytes, droppedReadings, damagedSegments } =
      this.#options.status();
    const roomBytes = retention.roomBytes(bytes);
    const { bytesPerSecond } = rate;
    const hoursLeft = rate.hoursFor(roomBytes);
    return {
      state,
      epoch,
      segments,
      bytes,
      bytesMax: maxBytes,
      roomBytes,
      ...(bytesPerSecond !== undefined && { bytesPerSecond }),
      ...(hoursLeft !== undefined && { hoursLeft }),
      firstSegment,
      nextSegment,
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
    const { dropping, forgotten, clock, state, feed } = this.#options;
    const { nextSegment } = state();
    const before = dropping.readings;
    let droppedSegments = 0;
    // Dropping makes room in memory, into which the next segments come from the disk.
    for (let idle = 0; idle < DROP_IDLE_MAX; idle++) {
      const dropped = dropping.dropBelow(nextSegment);
      droppedSegments += dropped;
      if (dropped > 0) idle = 0;
      else if (!feed().hasUnread) break;
      await clock.sleep(DROP_WAIT_MS, { name: "buffer drop" });
    }
    return {
      droppedSegments,
      droppedReadings: dropping.readings - before,
      leftSegments: Math.max(0, state().storedSegments - forgotten.count),
    };
  }

  async *#stored(): AsyncGenerator<StoredSegment> {
    const { database, state } = this.#options;
    for await (const { number, bytes } of database.segments(state().firstSegment)) {
      const segment = decodeSegment(number, bytes);
      if (segment) yield { ...segment, number, bytes: bytes.length };
    }
  }
}
