/**
 * What is committed in a partition: everything a client may learn. It moves only after the sync, and
 * is written at the head of each segment, so that retention never makes a sequence number repeat.
 */
import { type BlockHead, nextOffsetOf } from "./block.ts";

export interface PartitionState {
  readonly id: number;
  nextSeq: number;
  nextOffset: number;
  /** −1 when nothing was ever enqueued. */
  lastOffset: number;
  lastTimeMs: number;
}

export function emptyPartition(id: number): PartitionState {
  return { id, nextSeq: 0, nextOffset: 0, lastOffset: -1, lastTimeMs: 0 };
}

/** Moves the partition past the block. */
export function advancePast(state: PartitionState, head: BlockHead): void {
  state.nextSeq = head.baseSeq + head.count;
  state.nextOffset = nextOffsetOf(head);
  state.lastOffset = head.lastOffset;
  state.lastTimeMs = Math.max(state.lastTimeMs, head.timeMs);
}
