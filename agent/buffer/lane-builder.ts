/**
 * Collects the readings of one lane for the next segment, as blocks: tags of a device that share
 * their times share one row. A message of ten tags is one row, however many messages come.
 */
import type { ReadingBatch, Series } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Block, GapRecord, SeriesDescription } from "#core/chunk.ts";

/** Beyond it, gaps of one kind are joined. */
const GAPS_MAX = 8;

export class LaneBuilder {
  readonly transitions: AlarmTransition[] = [];
  readonly descriptions: SeriesDescription[] = [];
  readonly gaps: GapRecord[] = [];
  readonly #blocks: Block[] = [];
  /** The block of each device that a further row may join, with its series in column order. */
  readonly #open = new Map<string, { block: Block; series: Series[] }>();

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
  }

  /** Losses that adjoin, for the same reason, make one record. */
  addGap(gap: GapRecord): void {
    let merged = { ...gap };
    for (;;) {
      const at = this.gaps.findLastIndex((known) => adjoin(known, merged));
      const known = this.gaps[at];
      if (!known) break;
      this.gaps.splice(at, 1);
      merged = union(known, merged);
    }
    this.gaps.push(merged);
    if (this.gaps.length > GAPS_MAX) this.#coarsen(merged);
  }

  /**
   * Joins the gap with the nearest of its kind, and so closes what lies between. That does no harm:
   * a chunk that does arrive beats its gap. Told and dropped over and over, gaps must not pile up.
   */
  #coarsen(gap: GapRecord): void {
    const others = this.gaps.filter((other) => other !== gap && isOfOneKind(other, gap));
    const distance = (other: GapRecord): number =>
      Math.abs((other.fromSeq ?? 0) - (gap.fromSeq ?? 0));
    const [nearest] = others.toSorted((a, b) => distance(a) - distance(b));
    if (!nearest) return;
    this.gaps.splice(this.gaps.indexOf(nearest), 1);
    this.gaps[this.gaps.indexOf(gap)] = union(nearest, gap);
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

function isOfOneKind(one: GapRecord, other: GapRecord): boolean {
  const areNumbered = (one.fromSeq === undefined) === (other.fromSeq === undefined);
  return areNumbered && one.reason === other.reason && one.epoch === other.epoch;
}

/** News that were never numbered adjoin each other. */
function adjoin(one: GapRecord, other: GapRecord): boolean {
  if (!isOfOneKind(one, other)) return false;
  if (one.fromSeq === undefined || one.toSeq === undefined) return true;
  return one.toSeq + 1 === other.fromSeq || one.fromSeq - 1 === other.toSeq;
}

function union(one: GapRecord, other: GapRecord): GapRecord {
  const readings = one.readings + other.readings;
  if (one.fromSeq === undefined || one.toSeq === undefined) return { ...one, readings };
  const fromSeq = Math.min(one.fromSeq, other.fromSeq ?? one.fromSeq);
  const toSeq = Math.max(one.toSeq, other.toSeq ?? one.toSeq);
  return { ...one, fromSeq, toSeq, readings };
}
