/** What a store knows of one (gateway, epoch, lane). */

import type { SeqRanges } from "#core/seq-ranges.ts";
import type { DigestRing } from "./digest-ring.ts";

export interface LaneKey {
  gateway: string;
  epoch: string;
  lane: number;
}

export interface LaneState extends LaneKey {
  readonly id: number;
  /** Counts the writes of the row: who writes must have read the latest. */
  version: number;
  accepted: SeqRanges;
  /** Seqs that a gap record explains. A chunk that comes all the same is accepted. */
  closed: SeqRanges;
  /** In memory, for all accepted chunks; on disk, for the folded ones (the journal has the rest). */
  readonly digests: DigestRing;
  watermark: number;
  /** Hub's time of the newest event. */
  seenAtMs: number;
}

/** No name holds a newline beside its own text in JSON: unambiguous for any names. */
export function laneName(key: LaneKey): string {
  return JSON.stringify([key.gateway, key.epoch, key.lane]);
}
