/** What an operator sees of stored segments. */
import type { Block } from "#core/chunk.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import type { ReadingRow, SegmentRow } from "./contract.ts";
import type { Segment } from "./segment-codec.ts";

export interface StoredSegment extends Segment {
  number: number;
  bytes: number;
}

export async function* segmentRows(
  segments: AsyncIterable<StoredSegment>,
  limit: number,
): AsyncGenerator<SegmentRow> {
  let left = limit;
  for await (const { number, committedAtMs, epoch, bytes, chunks } of segments) {
    if (left-- <= 0) return;
    const readings = chunks.reduce((sum, chunk) => sum + chunk.readings, 0);
    const row = { segment: number, committedAt: committedAtMs, epoch, bytes };
    yield { ...row, chunks: chunks.length, readings };
  }
}

export async function* readingRows(
  segments: AsyncIterable<StoredSegment>,
): AsyncGenerator<ReadingRow> {
  for await (const { chunks } of segments) {
    for (const { readings, line } of chunks) {
      if (readings === 0) continue;
      const { content } = decodeChunk(Buffer.from(line));
      if (content.kind !== "readings") continue;
      for (const block of content.blocks) yield* rowsOf(block);
    }
  }
}

function* rowsOf({ device, tags, ts, columns, marks }: Block): Generator<ReadingRow> {
  const markAt = new Map(marks.map((mark) => [`${mark.column} ${mark.row}`, mark]));
  for (const [row, time] of ts.entries()) {
    for (const [column, tag] of tags.entries()) {
      const mark = markAt.get(`${column} ${row}`);
      yield {
        device,
        tag,
        ts: time,
        value: columns[column]?.[row] ?? null,
        quality: mark?.quality ?? "good",
        ...(mark && { reason: mark.reason }),
      };
    }
  }
}
