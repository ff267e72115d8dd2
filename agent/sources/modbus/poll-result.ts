/** What one poll of a device gave, point by point, until it becomes a batch. */
import { ReadingBatch } from "#agent/sources/contract.ts";
import type { QualityReason } from "#core/reading.ts";
import type { Block } from "./planner.ts";
import type { Point } from "./point.ts";
import { addReading, type PointResult, type PolledTag } from "./polled-tag.ts";
import { NotAValue } from "./register-types.ts";

export class PollResult {
  readonly #entries = new Map<Point, PointResult>();
  readonly #read = new Set<Point>();
  /** Points that were read, and hold no value. */
  invalid = 0;

  /** Decodes the block's points from its answer. */
  answer(block: Block, data: Uint8Array, ts: number): void {
    for (const point of block.points) {
      const value = point.decode(data, point.start - block.start);
      this.#read.add(point);
      if (value instanceof NotAValue) {
        this.invalid += 1;
        this.#entries.set(point, { ts, value: null, reason: value.reason });
      } else {
        this.#entries.set(point, { ts, value });
      }
    }
  }

  /** True for a point that was read, whatever its registers held. */
  isRead(point: Point): boolean {
    return this.#read.has(point);
  }

  reasonOf(point: Point | undefined): QualityReason | undefined {
    return point && this.#entries.get(point)?.reason;
  }

  fail(points: readonly Point[], reason: QualityReason, ts: number): void {
    for (const point of points) this.#entries.set(point, { ts, value: null, reason });
  }

  /** One reading a tag; a tag without an outcome failed for the reason that ended the poll. */
  toBatch(
    source: string,
    tags: readonly PolledTag[],
    reason: QualityReason,
    ts: number,
  ): ReadingBatch {
    const batch = new ReadingBatch(source);
    const missing: PointResult = { ts, value: null, reason };
    for (const tag of tags) {
      const factor = tag.factor && (this.#entries.get(tag.factor) ?? missing);
      addReading(batch, tag, this.#entries.get(tag.point) ?? missing, factor);
    }
    return batch;
  }
}
