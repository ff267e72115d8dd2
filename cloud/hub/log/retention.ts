/**
 * Which segments have outlived the limits. Whole segments go, oldest first, and never the one that is
 * being written, so up to one segment more than the limits say is kept.
 */
import type { Segment } from "./segment.ts";

export interface Retention {
  /** Events older than this may go; `Infinity` keeps them. */
  ageMsMax: number;
  /** Bytes of all segments together; `Infinity` for no limit. */
  bytesMax: number;
}

export const KEEP_ALL: Retention = { ageMsMax: Infinity, bytesMax: Infinity };

/** How many of the oldest segments are to be deleted. */
export function expiredCount(
  segments: readonly Pick<Segment, "bytes" | "newestMs">[],
  retention: Retention,
  nowMs: number,
): number {
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  let count = 0;
  for (const segment of segments.slice(0, -1)) {
    const isOld = nowMs - segment.newestMs > retention.ageMsMax;
    if (!isOld && bytes <= retention.bytesMax) break;
    bytes -= segment.bytes;
    count += 1;
  }
  return count;
}
