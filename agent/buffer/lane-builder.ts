/**
 * Collects the readings of one lane for the next segment, as blocks: tags of a device that share
 * their times share one row. A message of ten tags is one row, however many messages come.
 */
import type { ReadingBatch, Series } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Block, GapRecord, SeriesDescription } from "#core/chunk.ts";

export class LaneBuilder {
  readonly transitions: AlarmTransition[] = [];
  readonly descriptions: SeriesDescription[] = [];
  readonly gaps: GapRecord[] = [];
  readonly #blocks: Block[] = [];
  /** The block of each device that a further row may join, with its series in column order. */
  readonly #open = new Map<string, { block: Block; series: Series[] }>();
  #readings = 0;

  get readings(): number {
    return this.#readings;
  }

  get blocks(): Block[] {
    return this.#blocks;
  }

  /** Adds the readings `from` to `to` (exclusive) of a batch: one device, one time, no tag twice. */
  addRow(batch: ReadingBatch, from: number, to: number): void {
    const first = batch.series[from];
    if (!first) return;
    const block = this.#blockFor(first.device, batch, from, to);
    const row = block.ts.length;
    block.ts.push(batch.ts[from] ?? 0);
    for (let i = from; i < to; i++) {
      const column = i - from;
      block.columns[column]?.push(batch.values[i] ?? null);
      const quality = batch.qualities[i] ?? "good";
      if (quality !== "good") {
        block.marks.push({ column, row, quality, reason: batch.reasons[i] ?? "unknown" });
      }
    }
    this.#readings += to - from;
  }

  /** Chunks that went one after the other for the same reason make one record. */
  addGap(gap: GapRecord): void {
    const last = this.gaps.at(-1);
    if (last && follows(last, gap)) {
      if (gap.toSeq !== undefined) last.toSeq = gap.toSeq;
      last.readings += gap.readings;
    } else {
      this.gaps.push({ ...gap });
    }
  }

  #blockFor(device: string, batch: ReadingBatch, from: number, to: number): Block {
    const open = this.#open.get(device);
    if (open && sameSeries(open.series, batch, from, to)) return open.block;
    const series = batch.series.slice(from, to);
    const block: Block = {
      device,
      tags: series.map((one) => one.tag),
      ts: [],
      columns: series.map(() => []),
      marks: [],
    };
    this.#open.set(device, { block, series });
    this.#blocks.push(block);
    return block;
  }
}

function sameSeries(
  series: readonly Series[],
  batch: ReadingBatch,
  from: number,
  to: number,
): boolean {
  if (series.length !== to - from) return false;
  for (let i = from; i < to; i++) {
    if (batch.series[i] !== series[i - from]) return false;
  }
  return true;
}

/** True where `gap` goes on where `last` ends; news that were never numbered have no end. */
function follows(last: GapRecord, gap: GapRecord): boolean {
  if (last.reason !== gap.reason || last.epoch !== gap.epoch) return false;
  return last.toSeq === undefined ? gap.fromSeq === undefined : gap.fromSeq === last.toSeq + 1;
}
