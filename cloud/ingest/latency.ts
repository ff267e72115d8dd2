/** How old a reading is when it becomes visible: from its `ts` to the end of its commit. */
import type { ReceivedChunk } from "#core/chunk-codec.ts";
import type { DurationHistogram } from "#core/histogram.ts";

export function recordLatency(
  histogram: DurationHistogram,
  chunks: readonly ReceivedChunk[],
  nowMs: number,
): void {
  for (const { content } of chunks) {
    if (content.kind !== "readings") continue;
    for (const { ts, tags } of content.blocks) {
      for (const at of ts) histogram.record(nowMs - at, tags.length);
    }
  }
}
